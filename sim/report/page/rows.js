// SPDX-License-Identifier: Apache-2.0
//
// What sim/report/rows.cpp and rows_table.cpp do, for whatever is selected in the page; ECMAScript 5, as front.js.
'use strict';

var CLASSES_AT_MOST = 3, CROSSINGS_AT_MOST = 3;

function rowsTable(data, selection) {
    var along = null;
    [false, true].forEach(function(load) {
        data.dims.forEach(function(dim, d) {
            if (along === null && dim.load === load && dim.labels.length > 1) along = d;
        });
    });
    if (along === null || data.groups.length < 2) return null;
    return {
        dim: along,
        figures: data.groups.map(function(_, group) {
            var of = {group: group, cost: selection.cost, objective: selection.objective, more: selection.more, load: selection.load};
            var figures = data.dims[along].labels.map(function() { return null; });
            shapeOf(data, of, [along]).forEach(function(shape) { figures[shape.levels[0]] = shape.objective; });
            return figures;
        })
    };
}

function rowsText(data, selection, table) {
    var dim = data.dims[table.dim], metric = data.metrics[selection.objective], more = selection.more, levels = dim.labels.length;
    function at(group, level) { return table.figures[group][level]; }
    function isBetter(a, b) { return more ? a > b : a < b; }
    function clearlyBetter(a, b) { return gain(b, a, more) >= WORTH_HAVING; }

    function byKey(keyOf) {
        var place = {}, all = [];
        data.kinds.forEach(function(kind, group) {
            var key = JSON.stringify(keyOf(kind));
            if (place[key] === undefined) {
                place[key] = all.length;
                all.push([]);
            }
            all[place[key]].push(group);
        });
        return all;
    }

    function comparable() {
        return byKey(function(kind) { return [kind.scope, kind.others]; }).map(function(groups) {
            return groups.filter(function(group) { return table.figures[group].some(function(f) { return f !== null; }); });
        }).filter(function(groups) { return groups.length > 1; }).sort(function(a, b) { return a[0] - b[0]; });
    }

    function className(groups) {
        var kind = data.kinds[groups[0]], name = '';
        if (data.kinds.some(function(other) { return other.scope !== kind.scope; }))
            name = kind.scope === 'same_process' ? 'Within a process' : kind.scope === 'cross_process' ? 'Between processes' : kind.scope;
        if (kind.others) name += (name ? ', ' : '') + kind.others;
        return name ? name + ': ' : '';
    }

    function bestOf(groups, level) {
        var best = null;
        groups.forEach(function(group) {
            if (at(group, level) !== null && (best === null || isBetter(at(group, level), at(best, level)))) best = group;
        });
        return best;
    }

    function nextAfter(groups, leader, level) {
        function others(any) {
            return groups.filter(function(group) {
                return group !== leader && at(group, level) !== null &&
                    (any || data.kinds[group].mechanism !== data.kinds[leader].mechanism);
            });
        }
        return bestOf(others(false).length ? others(false) : others(true), level);
    }

    function runsOf(groups) {
        var runs = [];
        for (var level = 0; level < levels; ++level) {
            var best = bestOf(groups, level), last = runs[runs.length - 1];
            if (best === null) continue;
            if (last && at(last.leader, level) !== null && !clearlyBetter(at(best, level), at(last.leader, level))) last.to = level;
            else runs.push({leader: best, from: level, to: level});
        }
        return runs;
    }

    function nextText(groups, runs) {
        function nextAt(run, level) {
            var next = nextAfter(groups, run.leader, level);
            return next === null || at(run.leader, level) === 0 ? null : {group: next, times: at(next, level) / at(run.leader, level)};
        }
        function one(next, level, what) {
            return data.groups[next.group] + ' with ' + timesText(next.times) + what + ' (' + dim.phrases[level] + ')';
        }
        var first = runs[0].from, last = runs[runs.length - 1].to, its = ' its ' + metric.noun;
        var a = nextAt(runs[0], first), b = nextAt(runs[runs.length - 1], last);
        if (!a || !b || first === last) return !a && !b ? '' : '; next comes ' + one(a || b, a ? first : last, its);
        if (a.group === b.group)
            return '; next comes ' + data.groups[a.group] + ' with ' + timesText(a.times) + ' (' + dim.phrases[first] + ') to ' +
                timesText(b.times) + its + ' (' + dim.phrases[last] + ')';
        return '; next come ' + one(a, first, its) + ' and ' + one(b, last, '');
    }

    function crossing(a, b) {
        var found = {changes: 0, from: 0, firstIsBetter: false}, before = null;
        for (var level = 0; level < levels; ++level) {
            var x = at(a, level), y = at(b, level);
            if (x === null || y === null || (!clearlyBetter(x, y) && !clearlyBetter(y, x))) continue;
            var now = isBetter(x, y);
            if (before !== null && before !== now) {
                ++found.changes;
                found.from = level;
            }
            before = found.firstIsBetter = now;
        }
        return found;
    }

    function crossingsText(groups, runs) {
        var said = {}, texts = [], many = 0;
        for (var i = 1; i < runs.length; ++i) {
            said[runs[i - 1].leader + ' ' + runs[i].leader] = true;
            said[runs[i].leader + ' ' + runs[i - 1].leader] = true;
        }
        groups.forEach(function(a, i) {
            groups.slice(i + 1).forEach(function(b) {
                var found = crossing(a, b);
                if (!found.changes || said[a + ' ' + b]) return;
                if (found.changes > 1 || texts.length === CROSSINGS_AT_MOST) {
                    ++many;
                    return;
                }
                texts.push('from ' + dim.phrases[found.from] + ' on ' + data.groups[found.firstIsBetter ? a : b] +
                    ' is better than ' + data.groups[found.firstIsBetter ? b : a]);
            });
        });
        var text = texts.join(', ');
        if (many)
            text += (text ? '; ' : '') + many + (text ? ' more' : many === 1 ? ' pair' : ' pairs') + ' change' + (many === 1 ? 's' : '') + ' places';
        return text ? ' ' + text.charAt(0).replace('f', 'F') + text.slice(1) + '.' : '';
    }

    function classText(groups) {
        var runs = runsOf(groups), text = className(groups) + data.groups[runs[0].leader] + ' is best';
        if (runs.length === 1) text += ' everywhere';
        else runs.forEach(function(run, i) {
            if (i > 0) text += ', ' + data.groups[run.leader];
            if (i === 0) text += ' up to ' + dim.phrases[run.to];
            else if (i + 1 === runs.length) text += ' from ' + dim.phrases[run.from] + ' on';
            else if (run.from === run.to) text += ' with ' + dim.phrases[run.from];
            else text += ' from ' + dim.phrases[run.from] + ' to ' + dim.phrases[run.to];
        });
        return text + nextText(groups, runs) + '.' + crossingsText(groups, runs);
    }

    function priceOf(base, group, unit) {
        var prices = [], percents = [];
        for (var level = 0; level < levels; ++level) {
            if (at(base, level) === null || at(group, level) === null || at(base, level) === 0) continue;
            var price = at(group, level) - at(base, level);
            prices.push(more ? -price : price);
            percents.push(prices[prices.length - 1] / Math.abs(at(base, level)) * 100);
        }
        if (!prices.length) return '';
        function range(values, count) {
            var a = digits(Math.min.apply(null, values), count), b = digits(Math.max.apply(null, values), count);
            return a === b ? a : a + ' to ' + b;
        }
        return range(prices, 3) + (unit ? ' ' + (metric.unit || metric.noun) : '') + ' (' + range(percents, 2) + ' %)';
    }

    function policiesText() {
        var all = [], bases = [], unit = true;
        byKey(function(kind) { return [kind.scope, kind.mechanism, kind.others]; }).forEach(function(groups) {
            var base = groups[0];
            groups.forEach(function(group) { if (data.kinds[group].policy === 'low') base = group; });
            var kind = data.kinds[base], options = [];
            groups.forEach(function(group) {
                var policy = data.kinds[group].policy;
                if (group === base || !policy || policy === kind.policy) return;
                var price = priceOf(base, group, unit);
                if (!price) return;
                unit = false;
                options.push(price + ' for ' + policy);
            });
            if (!options.length) return;
            if (bases.indexOf(kind.policy) < 0) bases.push(kind.policy);
            all.push({name: kind.mechanism + (kind.others ? ' ' + kind.others : ''), base: kind.policy, options: options});
        });
        if (!all.length) return '';
        var text = all.map(function(one, i) {
            return (bases.length > 1 ? 'over ' + one.base + ' ' : '') + one.name + (i === 0 ? ' pays ' : ' ') + one.options.join(', ');
        }).join('; ');
        return (bases.length === 1 ? 'Over policy ' + bases[0] + ', ' : '') + text + '.';
    }

    function axisText() {
        var clear = 0, most = null;
        data.groups.forEach(function(_, group) {
            var least = null, largest = null;
            for (var level = 0; level < levels; ++level) {
                if (at(group, level) === null) continue;
                if (least === null || at(group, level) < at(group, least)) least = level;
                if (largest === null || at(group, level) > at(group, largest)) largest = level;
            }
            if (least === null || least === largest) return;
            var spread = gain(at(group, largest), at(group, least), false);
            if (spread >= WORTH_HAVING) ++clear;
            if (spread > (most ? most.spread : 0)) most = {spread: spread, group: group, low: least, high: largest};
        });
        if (!clear) return dim.name + ' changes no row by 2 %.';
        return dim.name + ' changes ' + clear + ' of ' + data.groups.length + ' rows by 2 % or more, most ' + data.groups[most.group] + ': ' +
            figuresFrom(metric, at(most.group, most.low), dim.phrases[most.low], at(most.group, most.high), dim.phrases[most.high]) + '.';
    }

    function endsText() {
        var text = '';
        [0, levels - 1].forEach(function(level) {
            var least = null, most = null;
            data.groups.forEach(function(_, group) {
                if (at(group, level) === null) return;
                if (least === null || at(group, level) < at(least, level)) least = group;
                if (most === null || at(group, level) >= at(most, level)) most = group;
            });
            if (least === null) return;
            text += (text ? '; with ' : 'With ') + dim.phrases[level] + ': ' + (least === most ?
                figureText(metric, at(most, level)) + ' (' + data.groups[most] + ')' :
                figuresFrom(metric, at(least, level), data.groups[least], at(most, level), data.groups[most]));
        });
        return text ? text + '.' : '';
    }

    var classes = comparable(), policies = policiesText();
    if (dim.numbers && classes.length && classes.length <= CLASSES_AT_MOST)
        return classes.map(classText).concat(policies || []).join(' ');
    var start = policies || endsText();
    if (!start) return 'No kind of row has complete results.';
    return start + (dim.numbers ? '' : ' ' + axisText());
}

function rowsOver(data, selection, table) {
    return data.dims.map(function(dim, d) {
        if (d === table.dim || dim.labels.length < 2) return '';
        if (!dim.load) return 'best over ' + dim.name;
        return selection.load[d] !== null ? dim.phrases[selection.load[d]] : 'mean over ' + dim.name;
    }).filter(Boolean).join(', ');
}

// Why there is no mean: refused there, or a figure under some loads only.
function missingText(data, selection, table, group, level) {
    var rows = rowIndex(data), values = data.metrics[selection.objective].values;
    var known = [], points = 0, refused = false, without = false;
    function isRefused(p) {
        return data.refused.point.some(function(point, i) { return point === p && data.refused.group[i] === group; });
    }
    function loadOf(p) {
        return data.dims.map(function(dim, d) {
            return d !== table.dim && dim.load && dim.labels.length > 1 && selection.load[d] === null ? dim.labels[data.points.levels[d][p]] : '';
        }).filter(Boolean).join(', ');
    }
    data.points.number.forEach(function(_, p) {
        var selected = data.points.status[p] !== 'invalid' && data.dims.every(function(dim, d) {
            var here = data.points.levels[d][p];
            if (d === table.dim) return here === level;
            return !dim.load || selection.load[d] === null || selection.load[d] === here;
        });
        if (!selected) return;
        ++points;
        var row = rows[p + ' ' + group];
        if (data.points.status[p] !== 'done') without = true;
        else if (row !== undefined && values[row] !== null) known.push({value: values[row], load: loadOf(p)});
        else if (isRefused(p)) refused = true;
    });
    if (!known.length) return refused && !without ? 'refused' : without ? 'failed' : '-';
    if (!known.every(function(one) { return one.load && one.load === known[0].load; })) return known.length + ' of ' + points;
    var all = known.map(function(one) { return one.value; });
    return digits((selection.more ? Math.max : Math.min).apply(null, all), 3) + ' (' + known[0].load + ')';
}

// A line per kind of row, headed by levels; of many levels some.
function rowsCells(data, selection, table) {
    var dim = data.dims[table.dim], n = dim.labels.length, levels = [];
    for (var i = 0; i < Math.min(n, 8); ++i) levels.push(n <= 8 ? i : Math.floor(i * (n - 1) / 7));
    return [[dim.name].concat(levels.map(function(level) { return dim.labels[level]; }))].concat(data.groups.map(function(name, group) {
        return [name].concat(levels.map(function(level) {
            var value = table.figures[group][level];
            return value === null ? missingText(data, selection, table, group, level) : digits(value, 3);
        }));
    }));
}
