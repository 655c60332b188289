// SPDX-License-Identifier: Apache-2.0
//
// The interactive part of a sweep's report. What is computed is in front.js; here it is drawn.
'use strict';

(function() {
const data = JSON.parse(document.getElementById('data').textContent);
const selection = data.selection;
if (!data.rows.point.length) return;
document.documentElement.classList.add('js');

const wide = data.dims.map((_, d) => d).filter((d) => data.dims[d].labels.length > 1);
const shown = {point: null, x: null, series: null, sort: null, down: false, all: false};
const ROWS_AT_FIRST = 200;

const cost = () => data.metrics[selection.cost];
const objective = () => data.metrics[selection.objective];
const axisTitle = (metric) => metric.unit ? metric.name + ' (' + metric.unit + ')' : metric.name;
const short = (value) => digits(value, 3);

function make(parent, name, attributes, text) {
    const element = d3.select(parent).append(name);
    for (const key in attributes || {}) element.attr(key, attributes[key]);
    if (text !== undefined) element.text(text);
    return element.node();
}

// A text beside the pointer, or beside what has the focus.
const tip = make(document.body, 'div', {'class': 'tip', 'hidden': 'hidden', 'aria-hidden': 'true'});
function hint(node, text) {
    function show(x, y) {
        tip.textContent = text;
        tip.removeAttribute('hidden');
        const box = tip.getBoundingClientRect();
        tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - box.width - 8)) + 'px';
        tip.style.top = (y + 18 + box.height > innerHeight ? y - box.height - 10 : y + 18) + 'px';
    }
    node.addEventListener('mousemove', (event) => show(event.clientX, event.clientY));
    node.addEventListener('mouseleave', () => tip.setAttribute('hidden', 'hidden'));
    node.addEventListener('focus', () => {
        const box = node.getBoundingClientRect();
        show(box.right, box.top);
    });
    node.addEventListener('blur', () => tip.setAttribute('hidden', 'hidden'));
}

function press(node, action) {
    node.addEventListener('click', action);
    node.addEventListener('keydown', (event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        action();
    });
}

function choice(parent, name, options, value, change) {
    const label = make(parent, 'label', {}, name), select = make(label, 'select');
    let group = null, into = select;
    options.forEach((option) => {
        if (option.group !== group) {
            group = option.group;
            into = group ? make(select, 'optgroup', {label: group}) : select;
        }
        const node = make(into, 'option', {value: option.value}, option.text);
        if (option.value === value) node.selected = true;
    });
    select.addEventListener('change', () => change(select.value));
}

function choices() {
    const box = document.getElementById('choice');
    const metrics = data.metrics.map((metric, i) => ({value: String(i), text: metric.name, group: metric.kind}));
    if (data.groups.length > 1) {
        choice(box, 'row', data.groups.map((text, i) => ({value: String(i), text: text || 'first'})),
               String(selection.group), (value) => { selection.group = +value; update(); });
    }
    wide.filter((d) => data.dims[d].load && designsDiffer(data)).forEach((d) => {
        const options = [{value: '', text: 'mean over all'}].concat(
            data.dims[d].labels.map((text, level) => ({value: String(level), text: text})));
        choice(box, data.dims[d].name, options, selection.load[d] === null ? '' : String(selection.load[d]),
               (value) => { selection.load[d] = value === '' ? null : +value; update(); });
    });
    choice(box, 'figure', metrics, String(selection.objective), (value) => { selection.objective = +value; update(); });
    choice(box, 'better is', [{value: '', text: 'less'}, {value: '1', text: 'more'}], selection.more ? '1' : '',
           (value) => { selection.more = value === '1'; update(); });
    choice(box, 'cost', metrics, String(selection.cost), (value) => { selection.cost = +value; update(); });
}

// Scales are logarithmic where values allow it and span more than a little.
function scaleOf(values, from, to) {
    const least = d3.min(values), most = d3.max(values);
    if (least > 0 && most / least > 1.5)
        return d3.scale.log().domain([least / Math.pow(most / least, .04), most * Math.pow(most / least, .04)]).range([from, to]);
    const edge = (most - least) * .06 || Math.abs(most) * .1 || 1;
    return d3.scale.linear().domain([least - edge, most + edge]).range([from, to]);
}

function ticksOf(scale) {
    const domain = scale.domain();
    if (!scale.base) return scale.ticks(6);
    const many = domain[1] / domain[0] > 2000, ticks = [];
    for (let decade = Math.pow(10, Math.floor(Math.log10(domain[0]))); decade <= domain[1]; decade *= 10)
        [1, 2, 5].forEach((digit) => {
            const at = decade * digit;
            if (at >= domain[0] && at <= domain[1] && (!many || digit === 1)) ticks.push(at);
        });
    if (ticks.length < 3) return d3.scale.linear().domain(domain).ticks(6);
    return ticks;
}

function frame(parent, width, height, margin, title) {
    const svg = make(parent, 'svg', {viewBox: '0 0 ' + width + ' ' + height, role: 'group', 'aria-label': title});
    return make(svg, 'g', {transform: 'translate(' + margin.left + ',' + margin.top + ')'});
}

function drawAxis(g, scale, side, length, across, title, ticks, text) {
    const axis = make(g, 'g', {'class': 'axis', 'aria-hidden': 'true'});
    ticks.forEach((value) => {
        const at = scale(value), bottom = side === 'bottom';
        make(axis, 'line', bottom ? {'class': 'grid', x1: at, x2: at, y1: 0, y2: across} : {'class': 'grid', x1: 0, x2: across, y1: at, y2: at});
        make(axis, 'text', bottom ? {x: at, y: across + 17, 'text-anchor': 'middle'} : {x: -7, y: at + 4, 'text-anchor': 'end'}, text(value));
    });
    if (side === 'bottom') make(axis, 'text', {x: length / 2, y: across + 38, 'text-anchor': 'middle', style: 'fill: var(--fg)'}, title);
    else make(axis, 'text', {x: 0, y: -12, 'text-anchor': 'start', dx: -40, style: 'fill: var(--fg)'}, title);
}

function nameOf(point) {
    return data.dims.map((dim, d) => dim.labels.length > 1 ? dim.phrases[data.points.levels[d][point]] : '').filter(Boolean).join(', ');
}

// The design's points: the one chosen is shown; of several the first, the others are named.
function tradeoff(answer) {
    const section = document.getElementById('tradeoff');
    const body = d3.select(section).html('').node();
    const costs = answer.designs.map((design) => design.cost);
    if (answer.build === null || answer.rows || answer.ranking.length || answer.designs.length < 2) return;
    make(body, 'h2', {}, objective().name + ' against ' + cost().name);
    const beside = make(body, 'div', {'class': 'beside'}), chart = make(beside, 'div', {'class': 'chart'});
    make(beside, 'aside', {id: 'detail', 'aria-live': 'polite'});
    const margin = {left: 62, right: 24, top: 34, bottom: 48}, width = 720, height = 400;
    const w = width - margin.left - margin.right, h = height - margin.top - margin.bottom;
    const g = frame(chart, width, height, margin, 'Every design by cost and figure. The designs of the front can be reached by keyboard; the table below has the same figures.');
    const x = scaleOf(costs, 0, w), y = scaleOf(answer.designs.map((design) => design.objective), h, 0);
    drawAxis(g, x, 'bottom', w, h, axisTitle(cost()), ticksOf(x), short);
    drawAxis(g, y, 'left', h, w, axisTitle(objective()), ticksOf(y), short);
    make(g, 'path', {'class': 'frontline', d: 'M' + answer.front.map((design) => x(design.cost) + ',' + y(design.objective)).join('L')});
    const build = answer.front[answer.build];
    const order = answer.designs.filter((design) => answer.front.indexOf(design) < 0).concat(answer.front);
    order.forEach((design) => {
        const on = answer.front.indexOf(design) >= 0, text = designText(data, design);
        const value = figureText(cost(), design.cost) + ', ' + figureText(objective(), design.objective);
        const dot = make(g, 'circle', {
            'class': 'dot' + (on ? ' on' : '') + (design === build ? ' build' : '') + (design.points.indexOf(shown.point) >= 0 ? ' chosen' : ''),
            cx: x(design.cost), cy: y(design.objective), r: design === build ? 7 : on ? 5.5 : answer.designs.length > 800 ? 2.5 : 4.5
        });
        if (on) d3.select(dot).attr({tabindex: 0, role: 'button', 'aria-label': text + ': ' + value + (design === build ? ', build this' : '')});
        hint(dot, text + '\n' + value + (design.points.length > 1 ? '\nmean of ' + design.points.length + ' points' : ''));
        press(dot, () => choose(design.points[0]));
    });
    make(g, 'circle', {'class': 'ring', cx: x(build.cost), cy: y(build.objective), r: 12});
    // Above the line where it falls, below it where it rises: there is room.
    const text = designText(data, build), room = w - x(build.cost) - 10 > text.length * 7.4;
    make(g, 'text', {'class': 'callout', x: room ? x(build.cost) + 10 : w, y: y(build.objective) + (selection.more ? 32 : -20),
                     'text-anchor': room ? 'start' : 'end'}, text);
    const legend = make(chart, 'p', {'class': 'legend', 'aria-hidden': 'true'});
    [['var(--mark)', 'build this'], ['var(--ink)', 'front: nothing as cheap is better'], ['var(--dot)', 'other designs']].forEach((entry) => {
        const span = make(legend, 'span');
        make(span, 'i', {style: 'background: ' + entry[0]});
        make(span, 'b', {style: 'font-weight: 400'}, entry[1]);
    });
    detail(answer);
}

const quoted = (text) => /^[\w.,:\/=+-]+$/.test(text) ? text : "'" + text.replace(/'/g, "'\\''") + "'";

function settings(point) {
    const all = [];
    data.dims.forEach((dim, d) => dim.keys.forEach((key, i) => all.push([key, dim.values[data.points.levels[d][point]][i]])));
    return all;
}

function detail(answer) {
    const box = d3.select('#detail').html('').node();
    if (!box) return;
    const design = answer.designs.find((one) => one.points.indexOf(shown.point) >= 0) || answer.front[answer.build];
    const point = design.points.indexOf(shown.point) >= 0 ? shown.point : design.points[0];
    const number = data.points.number[point];
    make(box, 'h3', {}, (design === answer.front[answer.build] ? 'Build this: ' : '') + (designText(data, design) || 'point ' + number));
    if (design.points.length > 1) {
        make(box, 'p', {'class': 'note'}, 'Mean of ' + design.points.length + ' points:');
        const mean = make(box, 'dl');
        [[cost(), design.cost], [objective(), design.objective]].forEach((pair) => {
            make(mean, 'dt', {}, pair[0].name);
            make(mean, 'dd', {}, short(pair[1]));
        });
        choice(box, 'one of them', design.points.map((p) => ({value: String(p), text: data.points.number[p] + ': ' + nameOf(p)})),
               String(point), (value) => choose(+value));
    }
    const list = make(box, 'dl'), row = rowIndex(data)[point + ' ' + selection.group];
    const wanted = [selection.cost, selection.objective];
    data.metrics.forEach((metric, i) => { if (metric.kind === 'costs' && wanted.indexOf(i) < 0) wanted.push(i); });
    wanted.forEach((i) => {
        const value = row === undefined ? null : data.metrics[i].values[row];
        make(list, 'dt', {}, data.metrics[i].name);
        make(list, 'dd', {}, value === null ? '-' : short(value));
    });
    make(box, 'p', {'class': 'note'}, 'Exactly this point again, in the sweep\'s folder:');
    const command = 'stile run config.yaml --point ' + number + ' --out point-' + number;
    make(box, 'pre', {}, command);
    const over = settings(point).map((pair) => '--set ' + quoted(pair[0] + '=' + pair[1])).join(' \\\n    ');
    make(box, 'p', {'class': 'note'}, 'Over a configuration of your own:');
    make(box, 'pre', {}, over);
    const copy = make(box, 'button', {type: 'button'}, 'Copy');
    press(copy, () => {
        if (!navigator.clipboard) return getSelection().selectAllChildren(box.querySelector('pre:last-of-type'));
        navigator.clipboard.writeText(over.replace(/ \\\n +/g, ' ')).then(() => { copy.textContent = 'Copied'; }, () => {});
    });
}

function rowsHtml(box, rows) {
    const table = make(box, 'table', {'class': 'front'});
    make(table, 'caption', {}, axisTitle(objective()));
    const head = make(make(table, 'thead'), 'tr'), body = make(table, 'tbody'), lines = rowsCells(data, selection, rows);
    lines[0].forEach((text) => make(head, 'th', {scope: 'col'}, text));
    lines.slice(1).forEach((line) => {
        const row = make(body, 'tr');
        line.forEach((text, i) => make(row, i === 0 ? 'th' : 'td', i === 0 ? {scope: 'row'} : {}, text));
    });
}

function rankingTable(box, answer) {
    const table = make(box, 'table', {'class': 'front'});
    make(table, 'caption', {}, 'The best first; cost is the same for all');
    const head = make(make(table, 'thead'), 'tr'), body = make(table, 'tbody'), best = answer.ranking[0].objective;
    ['design', axisTitle(objective()), 'of the best'].forEach((text) => make(head, 'th', {scope: 'col'}, text));
    answer.ranking.slice(0, FRONT_SHOWN_WHOLE).forEach((design, i) => {
        const row = make(body, 'tr', i === 0 ? {'class': 'build'} : {});
        make(row, 'th', {scope: 'row'}, designText(data, design));
        [short(design.objective), best > 0 ? timesText(design.objective / best) : ''].forEach((text) => make(row, 'td', {}, text));
    });
}

function frontTable(answer) {
    const box = d3.select('#front').html('').node();
    if (answer.rows) return rowsHtml(box, answer.rows);
    if (answer.ranking.length) return rankingTable(box, answer);
    if (!answer.steps.length) return;
    const table = make(box, 'table', {'class': 'front'});
    make(table, 'caption', {}, 'The front: nothing as cheap is better' + (answer.steps.length < answer.front.length ?
        '; of its ' + answer.front.length + ' designs those that gain 2 %, and the best' : ''));
    const head = make(make(table, 'thead'), 'tr');
    ['design', axisTitle(cost()), axisTitle(objective()), 'cost, of the one before', 'change'].forEach((text) => make(head, 'th', {scope: 'col'}, text));
    const body = make(table, 'tbody');
    answer.steps.forEach((i, step) => {
        const design = answer.front[i], before = step > 0 ? answer.front[answer.steps[step - 1]] : null;
        const row = make(body, 'tr', i === answer.build ? {'class': 'build'} : {});
        const name = make(row, 'th', {scope: 'row'}, designText(data, design));
        if (i === answer.build) make(name, 'strong', {}, 'build this');
        const change = before && before.objective ? (design.objective - before.objective) / before.objective * 100 : null;
        [short(design.cost), short(design.objective), before && before.cost > 0 ? timesText(design.cost / before.cost) : '',
         change === null ? '' : (change > 0 ? '+' : '') + digits(change, 2) + ' %'].forEach((text) => make(row, 'td', {}, text));
    });
}

const shape = (dims) => shapeOf(data, selection, dims);

function restText(dims) {
    const rest = wide.filter((d) => dims.indexOf(d) < 0), parts = [];
    const best = rest.filter((d) => !data.dims[d].load).map((d) => data.dims[d].name);
    if (best.length) parts.push('best over ' + best.join(', '));
    rest.filter((d) => data.dims[d].load).forEach((d) => {
        parts.push(selection.load[d] === null ? 'mean over ' + data.dims[d].name : data.dims[d].phrases[selection.load[d]]);
    });
    return parts.join('; ');
}

// Lines: one axis along the bottom; a line per value of another axis, or per kind of row.
function lines() {
    const section = d3.select('#lines').html('').node();
    if (!wide.length) return;
    const dims = data.dims, byGroup = 'rows';
    if (shown.x === null) {
        const design = wide.filter((d) => !dims[d].load), load = wide.filter((d) => dims[d].load);
        shown.x = design.length ? design[0] : wide[0];
        const other = load.concat(design).filter((d) => d !== shown.x && dims[d].labels.length <= 12);
        shown.series = data.groups.length > 1 ? byGroup : other.length ? other[0] : '';
    }
    if (shown.series === shown.x) shown.series = '';
    make(section, 'h2', {}, objective().name + ' over ' + dims[shown.x].name);
    const bar = make(section, 'div', {style: 'display: flex; gap: 1rem; flex-wrap: wrap; margin: .4rem 0'});
    if (wide.length > 1)
        choice(bar, 'along the bottom', wide.map((d) => ({value: String(d), text: dims[d].name})), String(shown.x), (value) => { shown.x = +value; lines(); });
    const series = [{value: '', text: 'one line'}].concat(wide.filter((d) => d !== shown.x && dims[d].labels.length <= 24).map((d) => ({value: String(d), text: dims[d].name})));
    if (data.groups.length > 1) series.push({value: byGroup, text: 'rows'});
    if (series.length > 1)
        choice(bar, 'a line for each of', series, String(shown.series), (value) => { shown.series = value === '' || value === byGroup ? value : +value; lines(); });
    let all = [];
    if (shown.series === byGroup) {
        const kept = selection.group;
        data.groups.forEach((name, group) => {
            selection.group = group;
            all.push({name: name, points: shape([shown.x])});
        });
        selection.group = kept;
    } else if (shown.series === '') {
        all = [{name: '', points: shape([shown.x])}];
    } else {
        const cells = shape([shown.x, shown.series]);
        all = dims[shown.series].phrases.map((name, level) => ({name: name, points: cells.filter((cell) => cell.levels[1] === level)}));
    }
    all = all.filter((line) => line.points.length);
    all.forEach((line) => line.points.sort((a, b) => a.levels[0] - b.levels[0]));
    const rest = restText(typeof shown.series === 'number' ? [shown.x, shown.series] : [shown.x]);
    if (rest) make(section, 'p', {'class': 'note'}, rest);
    if (!all.length) return void make(section, 'p', {'class': 'note'}, 'No complete results for this view.');
    const margin = {left: 62, right: 150, top: 30, bottom: 48}, width = 860, height = 340;
    const w = width - margin.left - margin.right, h = height - margin.top - margin.bottom;
    const g = frame(section, width, height, margin, objective().name + ' over ' + dims[shown.x].name + '; the figures are in the table of points');
    const labels = dims[shown.x].labels, step = labels.length > 1 ? w / (labels.length - 1) : 0;
    const y = scaleOf([].concat.apply([], all.map((line) => line.points.map((point) => point.objective))), h, 0);
    const every = Math.ceil(labels.length / 14);
    drawAxis(g, (level) => level * step, 'bottom', w, h, dims[shown.x].name, d3.range(0, labels.length, every), (level) => labels[level]);
    drawAxis(g, y, 'left', h, w, axisTitle(objective()), ticksOf(y), short);
    // Names at the ends of lines, moved apart where they would cover each other.
    const ends = [];
    all.forEach((line, i) => {
        const colour = 'var(--s' + i % 8 + ')';
        make(g, 'path', {'class': 'serie', style: 'stroke: ' + colour + (i >= 8 ? '; stroke-dasharray: 5 4' : '') + (dims[shown.x].numbers || dims[shown.x].load ? '' : '; stroke-opacity: .25'),
                         d: 'M' + line.points.map((point) => point.levels[0] * step + ',' + y(point.objective)).join('L')});
        line.points.forEach((point) => {
            const dot = make(g, 'circle', {cx: point.levels[0] * step, cy: y(point.objective), r: 4, style: 'cursor: pointer; fill: ' + colour});
            hint(dot, (line.name ? line.name + '\n' : '') + dims[shown.x].phrases[point.levels[0]] + '\n' + figureText(objective(), point.objective) + (rest ? '\n' + rest : ''));
            press(dot, () => choose(point.point));
        });
        const last = line.points[line.points.length - 1];
        ends.push({name: line.name, colour: colour, x: last.levels[0] * step, y: y(last.objective)});
    });
    ends.sort((a, b) => a.y - b.y);
    ends.forEach((end, i) => { if (i > 0 && end.y < ends[i - 1].y + 14) end.y = ends[i - 1].y + 14; });
    const over = ends.length ? ends[ends.length - 1].y - h - 6 : 0;
    if (over > 0) {
        ends[ends.length - 1].y -= over;
        for (let i = ends.length - 2; i >= 0; --i) ends[i].y = Math.min(ends[i].y, ends[i + 1].y - 14);
    }
    ends.forEach((end) => make(g, 'text', {x: w + 12, y: end.y + 4, style: 'fill: ' + end.colour}, end.name));
}

// A map for each pair of axes.
function maps() {
    const section = d3.select('#maps').html('').node();
    if (wide.length < 2) return;
    make(section, 'h2', {}, objective().name + ' by two axes');
    make(section, 'p', {'class': 'note'}, 'Outlined: the best. The darker, the ' + (selection.more ? 'less' : 'more') + ' of it, so light is good.');
    const grid = make(section, 'div', {'class': 'maps'});
    for (let i = 0; i < wide.length; ++i) for (let j = i + 1; j < wide.length; ++j) map(grid, wide[i], wide[j]);
}

function map(parent, a, b) {
    const cells = shape([a, b]), across = data.dims[a], up = data.dims[b];
    if (!cells.length) return;
    const box = make(parent, 'div');
    make(box, 'h3', {}, across.name + ' and ' + up.name);
    const rest = restText([a, b]);
    make(box, 'p', {'class': 'note'}, rest || '\u00a0');
    const longest = d3.max(up.labels, (label) => label.length);
    const margin = {left: Math.min(150, 24 + longest * 7), right: 6, top: 24, bottom: 46}, width = 520;
    const w = width - margin.left - margin.right, row = Math.max(16, Math.min(34, 300 / up.labels.length)), h = row * up.labels.length;
    const g = frame(box, width, h + margin.top + margin.bottom, margin, 'Map of ' + objective().name + ' by ' + across.name + ' and ' + up.name + '; the figures are in the table of points');
    const column = w / across.labels.length;
    const values = cells.map((cell) => cell.objective), least = d3.min(values), most = d3.max(values);
    const best = selection.more ? most : least;
    const of = least > 0 ? Math.log : (value) => value;
    const shade = (value) => {
        const part = most === least ? 0 : (of(value) - of(least)) / (of(most) - of(least));
        return selection.more ? 1 - part : part;
    };
    const colour = d3.interpolateLab('#eaf3fb', '#0d3f73');
    const axis = make(g, 'g', {'class': 'axis', 'aria-hidden': 'true'});
    across.labels.forEach((label, level) => {
        if (level % Math.ceil(across.labels.length * d3.max(across.labels, (text) => text.length) * 7.5 / w) === 0)
            make(axis, 'text', {x: (level + .5) * column, y: h + 16, 'text-anchor': 'middle'}, label);
    });
    up.labels.forEach((label, level) => make(axis, 'text', {x: -8, y: h - (level + .5) * row + 4, 'text-anchor': 'end'}, label));
    make(axis, 'text', {x: w / 2, y: h + 36, 'text-anchor': 'middle', style: 'fill: var(--fg)'}, across.name);
    make(axis, 'text', {x: -margin.left + 2, y: -8, style: 'fill: var(--fg)'}, up.name);
    cells.sort((p, q) => (p.objective === best) - (q.objective === best)).forEach((cell) => {
        const x = cell.levels[0] * column, y = h - (cell.levels[1] + 1) * row, part = shade(cell.objective);
        const rect = make(g, 'rect', {'class': 'cell' + (cell.objective === best && least < most ? ' best' : ''), x: x, y: y, width: column, height: row, style: 'fill: ' + colour(part)});
        hint(rect, across.phrases[cell.levels[0]] + ', ' + up.phrases[cell.levels[1]] + '\n' + figureText(objective(), cell.objective) + (rest ? '\n' + rest : ''));
        press(rect, () => choose(cell.point));
        const text = short(cell.objective);
        if (text.length * 7 < column && row >= 16)
            make(g, 'text', {'class': part > .5 ? 'ondark' : 'onlight', x: x + column / 2, y: y + row / 2 + 4, 'text-anchor': 'middle'}, text);
    });
}

// All points, one line per row of results.
function table() {
    const section = d3.select('#points').html('').node();
    make(section, 'h2', {}, 'All points');
    const metrics = [selection.cost, selection.objective];
    data.metrics.forEach((metric, i) => {
        const usual = ['area_swept_mm2', 'cycles_mean', 'ns_mean', 'instructions', 'tlb_misses', 'apl_misses'];
        if (metrics.indexOf(i) < 0 && (usual.indexOf(metric.name) >= 0)) metrics.push(i);
    });
    const columns = [{name: 'point', of: (row) => data.points.number[data.rows.point[row]], text: String}];
    wide.forEach((d) => columns.push({
        name: data.dims[d].name, of: (row) => data.points.levels[d][data.rows.point[row]], text: (level) => data.dims[d].labels[level]
    }));
    if (data.groups.length > 1) columns.push({name: 'row', of: (row) => data.rows.group[row], text: (group) => data.groups[group]});
    metrics.forEach((i) => columns.push({name: data.metrics[i].name, of: (row) => data.metrics[i].values[row], text: short}));
    const rows = data.rows.point.map((_, i) => i);
    if (shown.sort !== null && shown.sort < columns.length) {
        const of = columns[shown.sort].of, sign = shown.down ? -1 : 1;
        rows.sort((a, b) => {
            const p = of(a), q = of(b);
            // What is missing comes last, either way.
            return p === q ? a - b : p === null ? 1 : q === null ? -1 : (p < q ? -1 : 1) * sign;
        });
    }
    const box = make(section, 'div', {'class': 'wide rows', tabindex: 0, role: 'region', 'aria-label': 'All points'});
    const whole = make(box, 'table'), head = make(make(whole, 'thead'), 'tr');
    columns.forEach((column, i) => {
        const sorted = shown.sort === i;
        const cell = make(head, 'th', {scope: 'col', 'aria-sort': sorted ? (shown.down ? 'descending' : 'ascending') : 'none'});
        const button = make(cell, 'button', {type: 'button', 'data-column': i}, column.name + (sorted ? (shown.down ? ' \u2193' : ' \u2191') : ''));
        button.addEventListener('click', () => {
            shown.down = sorted && !shown.down;
            shown.sort = i;
            table();
            document.querySelector('#points button[data-column="' + i + '"]').focus();
        });
    });
    make(head, 'th', {scope: 'col'}, '');
    const body = make(whole, 'tbody');
    rows.slice(0, shown.all ? rows.length : ROWS_AT_FIRST).forEach((row) => {
        const point = data.rows.point[row], line = make(body, 'tr', point === shown.point ? {'class': 'chosen'} : {});
        columns.forEach((column) => {
            const value = column.of(row);
            make(line, 'td', {}, value === null || value === undefined ? '' : column.text(value));
        });
        const show = make(make(line, 'td'), 'button', {type: 'button', 'aria-label': 'configuration of point ' + data.points.number[point]}, 'show');
        show.addEventListener('click', () => choose(point, true));
    });
    if (!shown.all && rows.length > ROWS_AT_FIRST) {
        const more = make(section, 'button', {type: 'button'}, 'Show all ' + rows.length);
        more.addEventListener('click', () => { shown.all = true; table(); });
    }
}

let answer = null;

function choose(point, scroll) {
    shown.point = point;
    // Its loads may hide it: the detail then stands for the design that it belongs to.
    tradeoff(answer);
    d3.selectAll('#points tbody tr').classed('chosen', false);
    if (!document.getElementById('detail')) alone(point);
    const box = document.getElementById('detail');
    if (scroll && box) box.scrollIntoView({block: 'nearest', behavior: 'smooth'});
}

// Where there is no chart of cost, a point's configuration still has a place.
function alone(point) {
    const section = d3.select('#tradeoff').html('').node(), box = make(section, 'aside', {id: 'detail', 'aria-live': 'polite'});
    const number = data.points.number[point];
    make(box, 'h3', {}, 'Point ' + number + ': ' + nameOf(point));
    make(box, 'pre', {}, 'stile run config.yaml --point ' + number + ' --out point-' + number);
    make(box, 'pre', {}, settings(point).map((pair) => '--set ' + quoted(pair[0] + '=' + pair[1])).join(' \\\n    '));
}

function update() {
    answer = answerOf(data, selection);
    d3.select('#answer').text(answer.sentence);
    d3.select('#over').text(answer.over);
    tradeoff(answer);
    frontTable(answer);
    // Where rows are what differs, their lines come first.
    const front = document.getElementById('front'), drawn = document.getElementById('lines');
    if (answer.rows) front.parentNode.insertBefore(drawn, document.getElementById('tradeoff'));
    else front.parentNode.insertBefore(drawn, front.nextSibling);
    lines();
    maps();
    table();
}

choices();
update();
})();
