// SPDX-License-Identifier: Apache-2.0
//
// What sim/report/front.cpp and answer.cpp do, for whatever is selected in the page. No document is needed here, and
// nothing newer than ECMAScript 5: a test runs this file beside the C++ and compares.
'use strict';

var WORTH_HAVING = 0.02, CLEARLY_BELOW = 0.05, FRONT_SHOWN_WHOLE = 12;

function digits(value, count) {
    if (value === 0 || !isFinite(value)) return '0';
    var size = Math.abs(value), decimals = 0, power = 1, least = Math.pow(10, count - 1);
    while (decimals < 12 && size * power < least) {
        power *= 10;
        ++decimals;
    }
    var text = String(Math.floor(size * power + 0.5));
    if (decimals > 0) {
        while (text.length < decimals + 1) text = '0' + text;
        text = text.slice(0, text.length - decimals) + '.' + text.slice(text.length - decimals);
        text = text.replace(/0+$/, '').replace(/\.$/, '');
    }
    return (value < 0 ? '-' : '') + text;
}

function gain(from, to, more) {
    var difference = more ? to - from : from - to;
    if (from === 0) return difference === 0 ? 0 : 1;
    return difference / Math.abs(from);
}

// Indices of those that nothing cheaper or as cheap equals or beats, by cost.
function paretoFront(all, more) {
    var order = all.map(function(_, i) { return i; });
    order.sort(function(a, b) {
        if (all[a].cost !== all[b].cost) return all[a].cost - all[b].cost;
        if (all[a].objective !== all[b].objective)
            return more ? all[b].objective - all[a].objective : all[a].objective - all[b].objective;
        return a - b;
    });
    var front = [];
    order.forEach(function(i) {
        var last = front.length ? all[front[front.length - 1]].objective : null;
        if (last === null || (more ? all[i].objective > last : all[i].objective < last)) front.push(i);
    });
    return front;
}

function findKnee(front, more) {
    if (!front.length) return {place: 0, counting: [], bends: false};
    var counting = [0];
    for (var i = 1; i < front.length; ++i)
        if (gain(front[counting[counting.length - 1]].objective, front[i].objective, more) >= WORTH_HAVING)
            counting.push(i);
    if (counting.length === 1) return {place: 0, counting: counting, bends: front.length > 1};
    function scale(field) {
        var positive = counting.every(function(i) { return front[i][field] > 0; });
        var of = positive ? Math.log : function(value) { return value; };
        var first = of(front[counting[0]][field]);
        var length = of(front[counting[counting.length - 1]][field]) - first;
        return function(value) { return length === 0 ? 0 : (of(value) - first) / length; };
    }
    var cost = scale('cost'), objective = scale('objective');
    var last = counting[counting.length - 1];
    var knee = {place: last, counting: counting, bends: last + 1 < front.length}, most = CLEARLY_BELOW;
    counting.forEach(function(i) {
        var below = objective(front[i].objective) - cost(front[i].cost);
        if (below > most + 1e-12) {
            most = below;
            knee.place = i;
            knee.bends = true;
        }
    });
    return knee;
}

function rowIndex(data) {
    if (data.rowOf) return data.rowOf;
    data.rowOf = {};
    data.rows.point.forEach(function(point, i) { data.rowOf[point + ' ' + data.rows.group[i]] = i; });
    return data.rowOf;
}

// Points that agree in everything for which `key(dimension)` is true, with their mean figures. `load` of the
// selection fixes a dimension's level or is null there.
function designsBy(data, selection, key) {
    var rows = rowIndex(data), designs = [], place = {}, loads = {}, wanted = 0;
    var cost = data.metrics[selection.cost].values, objective = data.metrics[selection.objective].values;
    data.points.number.forEach(function(_, p) {
        if (data.points.status[p] === 'invalid') return;
        var own = [], load = [];
        for (var d = 0; d < data.dims.length; ++d) {
            var level = data.points.levels[d][p];
            if (selection.load[d] !== null && selection.load[d] !== level) return;
            (key(d) ? own : load).push(level);
        }
        load = load.join(' ');
        if (!loads[load]) {
            loads[load] = true;
            ++wanted;
        }
        own = own.join(' ');
        if (place[own] === undefined) {
            place[own] = designs.length;
            designs.push({points: [], cost: 0, objective: 0, measured: true, complete: true});
        }
        var design = designs[place[own]], row = rows[p + ' ' + selection.group];
        design.points.push(p);
        if (data.points.status[p] !== 'done' || row === undefined || objective[row] === null) {
            design.measured = false;
            return;
        }
        design.objective += objective[row];
        if (cost[row] === null) design.complete = false;
        else design.cost += cost[row];
    });
    designs.forEach(function(design) {
        if (design.points.length !== wanted) design.measured = false;
        design.complete = design.complete && design.measured;
        design.cost /= design.points.length;
        design.objective /= design.points.length;
    });
    return designs;
}

function designsOf(data, selection) {
    var fixed = {
        group: selection.group, cost: selection.cost, objective: selection.objective,
        load: data.dims.map(function(dim, d) { return dim.load ? selection.load[d] : null; })
    };
    return designsBy(data, fixed, function(d) { return !data.dims[d].load; });
}

// Points that agree in `dims`: the best of them, each the mean over the loads that are not among these.
function shapeOf(data, selection, dims) {
    var best = {}, order = [];
    var fixed = {
        group: selection.group, cost: selection.cost, objective: selection.objective,
        load: data.dims.map(function(dim, d) { return dim.load && dims.indexOf(d) < 0 ? selection.load[d] : null; })
    };
    designsBy(data, fixed, function(d) { return !data.dims[d].load || dims.indexOf(d) >= 0; }).forEach(function(design) {
        if (!design.measured) return;
        var levels = dims.map(function(d) { return data.points.levels[d][design.points[0]]; });
        var key = levels.join(' '), known = best[key];
        if (!known) order.push(key);
        if (!known || (selection.more ? design.objective > known.objective : design.objective < known.objective))
            best[key] = {levels: levels, objective: design.objective, point: design.points[0]};
    });
    return order.map(function(key) { return best[key]; });
}

function withUnit(metric, numbers) { return metric.unit ? numbers + ' ' + metric.unit : metric.name + ' ' + numbers; }

function figureText(metric, value) { return withUnit(metric, digits(value, 3)); }

function figuresFrom(metric, from, atFrom, to, atTo) {
    return withUnit(metric, 'from ' + digits(from, 3) + ' (' + atFrom + ') to ' + digits(to, 3)) + ' (' + atTo + ')';
}

function designText(data, design) {
    return data.dims.map(function(dim, d) {
        return dim.load || dim.labels.length < 2 ? '' : dim.phrases[data.points.levels[d][design.points[0]]];
    }).filter(Boolean).join(', ');
}

function gainText(metric, from, to) {
    if (from === 0) return figureText(metric, to);
    return digits(Math.abs((to - from) / from) * 100, 2) + ' % ' + (to < from ? metric.less : metric.more) + ' ' + metric.noun;
}

function timesText(ratio) { return digits(ratio, ratio < 2 ? 3 : 2) + 'x'; }

function designsDiffer(data) {
    return data.dims.some(function(dim) { return !dim.load && dim.labels.length > 1; });
}

function sameCost(designs) {
    return designs.every(function(design) { return design.cost === designs[0].cost; });
}

function stepText(cost, objective, from, to) {
    return (from.cost > 0 ? timesText(to.cost / from.cost) + ' the ' + cost.noun : figureText(cost, to.cost)) +
        ' for ' + gainText(objective, from.objective, to.objective);
}

function whyNothing(data) {
    var why = [['failed', 'failed'], ['timeout', 'timed out'], ['crashed', 'crashed'], ['invalid', 'invalid']].map(function(pair) {
        var n = data.points.status.filter(function(s) { return s === pair[0]; }).length;
        return n ? n + ' ' + pair[1] : '';
    }).filter(Boolean).join(', ');
    return 'No point of this sweep has a result' + (why ? ': ' + why : '') + '.';
}

function rangeText(data, selection) {
    var metric = data.metrics[selection.objective], least = null, most = null;
    data.rows.point.forEach(function(point, i) {
        var value = metric.values[i];
        if (data.rows.group[i] !== selection.group || value === null) return;
        if (least === null || value < least.value) least = {value: value, point: point};
        if (most === null || value >= most.value) most = {value: value, point: point};
    });
    if (least === null) return 'No point of this sweep has ' + metric.name + '.';
    var nothing = 'Nothing that one builds differs in this sweep: ';
    if (least.value === most.value) return nothing + figureText(metric, least.value) + ' everywhere.';
    function at(point) {
        return data.dims.map(function(dim, d) {
            return dim.labels.length > 1 ? dim.phrases[data.points.levels[d][point]] : '';
        }).filter(Boolean).join(', ');
    }
    return nothing + figuresFrom(metric, least.value, at(least.point), most.value, at(most.point)) + '.';
}

function sentenceOf(data, selection, complete, answer) {
    var cost = data.metrics[selection.cost], objective = data.metrics[selection.objective];
    function figures(design) {
        return (design.cost === 0 ? '' : figureText(cost, design.cost) + ', ') + figureText(objective, design.objective);
    }
    function text(design) { return designText(data, design); }
    if (!designsDiffer(data)) return rangeText(data, selection);
    if (!complete.length) return 'No design has results for everything that is asked of it here.';
    if (complete.length === 1) return 'Only one design has results: ' + text(complete[0]) + ' (' + figures(complete[0]) + ').';
    var build = answer.front[answer.build], start = 'Build ' + text(build) + ': ' + figures(build);
    var least = complete[0], most = complete[0];
    complete.forEach(function(design) {
        if (design.objective < least.objective) least = design;
        if (design.objective >= most.objective) most = design;
    });
    var worst = selection.more ? least : most, best = selection.more ? most : least;
    if (gain(worst.objective, best.objective, selection.more) < WORTH_HAVING) {
        var from = digits(least.objective, 3), to = digits(most.objective, 3);
        var alike = (complete.length === 2 ? 'Both designs are' : 'All ' + complete.length + ' designs are') +
            (from === to ? ' alike: ' + figureText(objective, best.objective) : ' within 2 %: ' + withUnit(objective, from + ' to ' + to));
        if (sameCost(complete)) return alike + '.';
        return alike + '; the cheapest is ' + text(answer.front[0]) + ' (' + figureText(cost, answer.front[0].cost) + ').';
    }
    if (sameCost(complete))
        return 'Best is ' + text(build) + ': ' + figureText(objective, build.objective) + ', ' +
            gainText(objective, worst.objective, build.objective) + ' than ' + text(worst) + '; ' + cost.noun +
            ' is the same for all.';
    for (var i = answer.build + 1; i < answer.front.length; ++i) {
        var next = answer.front[i], worth = gain(build.objective, next.objective, selection.more) >= WORTH_HAVING;
        if (!worth && i + 1 < answer.front.length) continue;
        return start + '; ' + (worth ? 'the next larger worth having' : 'nothing larger gains 2 %: the best') + ' (' +
            text(next) + ') costs ' + stepText(cost, objective, build, next) + '.';
    }
    if (answer.front.length === 1) return start + '; it is the cheapest, and nothing larger is better.';
    var before = answer.front[answer.build - 1];
    var against = before.cost > 0 ?
        timesText(build.cost / before.cost) + ' the ' + cost.noun + ' of the next smaller (' + text(before) + ')' :
        text(before) + ': ' + figureText(cost, before.cost);
    return start + '; the best of the sweep: ' + against + ' for ' + gainText(objective, before.objective, build.objective) +
        '.' + (answer.bends ? '' : ' The curve does not bend yet: a larger one may pay as well.');
}

function hardlyDiffer(designs, more) {
    if (!designs.length) return true;
    var all = designs.map(function(design) { return design.objective; });
    var low = Math.min.apply(null, all), high = Math.max.apply(null, all);
    return (more ? gain(low, high, true) : gain(high, low, false)) < WORTH_HAVING;
}

function overText(data, selection) {
    var over = data.dims.map(function(dim, d) {
        if (!dim.load || !dim.labels.length || !designsDiffer(data)) return '';
        if (selection.load[d] !== null || dim.labels.length === 1) return dim.phrases[selection.load[d] || 0];
        return 'mean over ' + dim.labels.length + ' values of ' + dim.name +
            (dim.numbers ? ', ' + dim.labels[0] + ' to ' + dim.labels[dim.labels.length - 1] : '');
    }).filter(Boolean).join(', ');
    if (data.groups.length > 1) over += (over ? '; ' : '') + data.groups[selection.group];
    return over;
}

function answerOf(data, selection) {
    var answer = {sentence: '', over: '', designs: [], front: [], build: null, bends: false, steps: [], ranking: [], rows: null};
    if (!data.rows.point.length || data.points.status.indexOf('done') < 0) {
        answer.sentence = whyNothing(data);
        return answer;
    }
    answer.designs = designsOf(data, selection).filter(function(design) { return design.complete; });
    answer.front = paretoFront(answer.designs, selection.more).map(function(i) { return answer.designs[i]; });
    if (designsDiffer(data) && answer.front.length) {
        var knee = findKnee(answer.front, selection.more);
        answer.build = knee.place;
        var price = answer.front[knee.place].cost;
        answer.bends = knee.bends || answer.designs.some(function(design) { return design.cost > price; });
        answer.front.forEach(function(_, i) {
            if (knee.counting.indexOf(i) >= 0 || answer.front.length <= FRONT_SHOWN_WHOLE || i + 1 === answer.front.length)
                answer.steps.push(i);
        });
    }
    if (answer.build !== null && answer.designs.length > 1 && sameCost(answer.designs)) {
        answer.steps = [];
        answer.ranking = answer.designs.map(function(design, i) { return [design, i]; }).sort(function(a, b) {
            var difference = a[0].objective - b[0].objective;
            return (selection.more ? -difference : difference) || a[1] - b[1];
        }).map(function(pair) { return pair[0]; });
    }
    if (!designsDiffer(data) || hardlyDiffer(answer.designs, selection.more)) answer.rows = rowsTable(data, selection);
    if (answer.rows) {
        answer.steps = [];
        answer.ranking = [];
        answer.sentence = rowsText(data, selection, answer.rows);
        answer.over = rowsOver(data, selection, answer.rows);
        return answer;
    }
    answer.sentence = sentenceOf(data, selection, answer.designs, answer);
    answer.over = overText(data, selection);
    return answer;
}
