import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockFrame } from '../src/blockframe.ts';
import { FLAG_SIMULATED, FLAG_STALE } from '../src/frame.ts';
import { arcsOf, pointAt } from '../src/links/curves.ts';
import { Halls } from '../src/links/halls.ts';
import { LinkHost } from '../src/links/host.ts';
import { badness, classOfUse, Form, look } from '../src/links/look.ts';
import { LinkModel, type LinkRow, type LinkValue, type Place, valueOf } from '../src/links/model.ts';
import { apart, type NameBox } from '../src/links/names.ts';
import { StoreyRoutes } from '../src/links/routes.ts';
import { flowText, linkLines, qualityText } from '../src/links/words.ts';
import { decodeBlock } from '../src/pack.ts';
import type { SceneFile } from '../src/scene.ts';
import { tokensOf } from '../src/tokens.ts';
import { bytesOf, jsonOf } from './golden.ts';

const BREAKS = [10, 25, 50, 70, 80, 90];
const dark = tokensOf('dark');

function value(changed: Partial<LinkValue> = {}): LinkValue {
  return { status: 0, used: 40, into: 400, out: 20, since: 1000, flags: 0, busier: 1, down: 0, ...changed };
}

function row(lower: string, upper: string, number = 0): LinkRow {
  const end = (id: string) => ({ id, kind: 'switch', names: { en: id }, place: `${id}/1`, storey: '', building: id, position: null, outside: id === 'NET', role: '' });
  return { id: `${lower}>${upper}`, number, lower: end(lower), upper: end(upper), capacity_mbit_s: 1000, reasons: [] };
}

test('the class of a utilisation changes at each border of the legend', () => {
  assert.deepEqual([0, 9.9, 10, 24.9, 25, 50, 69.9, 70, 80, 90, 150].map((v) => classOfUse(v, BREAKS)), [0, 0, 1, 1, 2, 3, 3, 4, 5, 6, 6]);
  assert.equal(classOfUse(Number.NaN, BREAKS), -1);
});

test('colour tells utilisation, form tells state, and neither is shown without data', () => {
  const of = (changed: Partial<LinkValue>) => look(value(changed), BREAKS, dark, 'data');
  assert.equal(of({ used: 95 }).colour, dark.hex.ramp[6]);
  assert.equal(of({ used: 3 }).colour, dark.hex.ramp[0]);
  assert.deepEqual([of({ status: 1 }).form, of({ status: 2 }).form, of({ flags: FLAG_STALE }).form, of({}).form], [Form.down, Form.stale, Form.stale, Form.flow]);
  assert.equal(look(undefined, BREAKS, dark, 'data').form, Form.none);
  assert.equal(of({ status: 3 }).form, Form.none);
  assert.equal(of({ used: Number.NaN }).colour, dark.hex.surface, 'up, and nobody knows how full');
  assert.ok(!dark.hex.alarm.includes(of({ status: 1 }).colour), 'alarm colours are for alarms');
});

test('a difference has colours of its own, and none where either moment is not known', () => {
  const model = new LinkModel('', () => undefined);
  const told = (rows: unknown[]) => JSON.stringify({ kind: 'links', layout: '', time: 1, full: true, lines: [], links: rows });
  const up = (number: number, used: number | null, flags = 0, status = 0) => [number, status, used, 1, 1, 1, flags, 1, 0];
  model.receive(told([up(0, 60), up(1, 5), up(2, 50), up(3, 50), up(4, 50), up(5, 50)]), told([up(0, 20), up(1, 40), up(2, 49), up(3, null), up(4, 1, FLAG_STALE)]));
  const looked = [0, 1, 2, 3, 4, 5].map((number) => look(model.linkValues.get(number), BREAKS, dark, 'data'));
  const { diverge } = dark.hex;
  assert.deepEqual(looked.slice(0, 3).map((l) => l.colour), [diverge[6], diverge[0], diverge[3]]);
  assert.deepEqual(looked.slice(3).map((l) => l.form), [Form.none, Form.none, Form.none]);
  const said = (number: number) => linkLines(row('A', 'B'), model.linkValues.get(number), 1, 'en')[1]!.replaceAll('\u202f', ' ');
  assert.deepEqual([said(0), said(1), said(3)], ['60 % (+40 %p) / 1 Gbit/s', '5.0 % (−35 %p) / 1 Gbit/s', '50 % (–) / 1 Gbit/s']);
  model.receive(told([up(0, 60)]));
  assert.equal(look(model.linkValues.get(0), BREAKS, dark, 'data').colour, dark.hex.ramp[3], 'the next moment is compared with nothing');
});

test('more traffic makes a wider link, and the trust lens shows trust', () => {
  const widths = [1, 5, 50, 200, 500, 5000, 20_000].map((into) => look(value({ into, out: 0 }), BREAKS, dark, 'data').metres);
  assert.deepEqual(widths, [...widths].sort((a, b) => a - b));
  assert.equal(new Set(widths).size, 7);
  const trusted = look(value({ flags: FLAG_SIMULATED }), BREAKS, dark, 'trust');
  assert.deepEqual([trusted.colour, trusted.form], [dark.hex.trust.simulated, Form.dotted]);
});

test('the worst comes first: down, then full, then stale, then nothing', () => {
  const order = [undefined, value({ used: 90 }), value({ status: 1 }), value({ flags: FLAG_STALE, used: 99 }), value({ used: 20, down: 1 })];
  const sorted = [...order].sort((a, b) => badness(b) - badness(a));
  assert.deepEqual(sorted.map((v) => v && [v.status, v.used, v.flags]), [[1, 40, 0], [0, 20, 0], [0, 90, 0], [0, 99, FLAG_STALE], undefined]);
});

test('lines from one side share their last stretch and end over the hub', () => {
  const seats: Record<string, Place> = { A: [-500, 10, 20], B: [-480, 60, 30], C: [400, -300, 20], H: [0, 0, 15] };
  const lines = ['A', 'B', 'C'].map((id, n) => row(id, 'H', n));
  const { arcs, stems } = arcsOf(lines, (end) => seats[end.id]!);
  assert.equal(stems.length, 1);
  const [a, b, c] = lines.map((line) => arcs.find((arc) => arc.line === line)!.curve) as [Float64Array, Float64Array, Float64Array];
  for (const curve of [a, b, c]) {
    assert.deepEqual([...curve.slice(9)], [0, 0, 46]);
    assert.ok(pointAt(curve, 0.5, new Float64Array(3))[2]! > 30, 'it stays over the roofs');
  }
  const direction = (k: Float64Array): number => Math.atan2(k[7]!, k[6]!);
  assert.ok(Math.abs(direction(a) - direction(b)) < 1e-9, 'neighbours come along one trunk');
  assert.ok(Math.abs(direction(a) - direction(c)) > 1, 'others do not');
  assert.deepEqual([...a.slice(0, 3)], seats['A']);
  assert.deepEqual(arcsOf([row('A', 'X')], (end) => seats[end.id] ?? null).arcs, [], 'an end without a seat has no line');
});

test('a way along corridors turns where they meet', () => {
  // a T: one corridor along x at y = 50, another down from it at x = 100
  const halls = new Halls([[0, 48, 200, 52], [98, 0, 102, 47]], 2);
  assert.deepEqual(halls.between([10, 60], [120, 5]), [[10, 60], [10, 50], [100, 50], [100, 50], [100, 5], [120, 5]], 'a stop of each');
  assert.deepEqual(halls.between([10, 60], [60, 40]), [[10, 60], [10, 50], [60, 50], [60, 40]]);
  assert.equal(new Halls([[0, 0, 50, 4], [0, 90, 50, 94]], 2).between([5, 10], [5, 80]), null, 'halls that do not meet lead nowhere');
});

test('without corridors a way keeps to the building, in right angles', () => {
  const file = jsonOf<SceneFile>('pack/scene.json');
  const first = file.buildings[0]!;
  const block = decodeBlock(bytesOf('pack/rooms.bin'), first.offset, first.length);
  const frame = new BlockFrame(first.frame);
  const path = new StoreyRoutes(block, frame, 1, []).between([2, 8], [24, 2]);
  assert.deepEqual(path.slice(0, 2).map(Math.round), [2, 8]);
  assert.deepEqual(path.slice(-2).map(Math.round), [24, 2]);
  for (let i = 2; i < path.length; i += 2) {
    const straight = Math.min(Math.abs(path[i]! - path[i - 2]!), Math.abs(path[i + 1]! - path[i - 1]!));
    assert.ok(straight < 0.05, 'each leg runs along an axis');
  }
});

test('an event replaces what is known, a part of one changes only its rows', () => {
  const model = new LinkModel('', () => undefined);
  const event = (full: boolean, rows: unknown[], layout = '') => JSON.stringify({ kind: 'links', layout, time: Date.now() / 1000, full, lines: [], links: rows });
  model.receive(event(true, [[0, 0, 40, 400, 20, 1000, 8, 1, 0], [3, 3, null, null, null, null, 3, 0, 0]]));
  assert.deepEqual(model.linkValues.get(0), valueOf([0, 0, 40, 400, 20, 1000, 8, 1, 0]));
  assert.ok(Number.isNaN(model.linkValues.get(3)!.used));
  model.receive(event(false, [[0, 1, null, null, null, 1005, 0, 0, 1]]));
  assert.deepEqual([model.linkValues.get(0)!.status, model.linkValues.size], [1, 2]);
  model.markStale();
  assert.ok(model.linkValues.get(0)!.flags & FLAG_STALE, 'a lost connection makes every value old');
  model.receive(event(true, []));
  assert.equal(model.linkValues.size, 0);
});

test('only channels of the network that have links bring any', () => {
  const host = new LinkHost(() => assert.fail('nothing changed'), () => 'en');
  host.listen('/ws/live', 'energy.power');
  host.event('{"kind":"links"}');
  assert.equal(host.model, null);
  assert.deepEqual(['network.clients', 'network.state', 'network.traffic', 'network.utilisation', 'energy.power'].map((channel) => {
    host.listen('/ws/live', channel);
    return host.shown;
  }), [false, true, true, true, false]); // prettier-ignore
});

test('words say everything, in both languages', () => {
  assert.deepEqual([flowText(3.456), flowText(42.24), flowText(713.2), flowText(1234), flowText(34_000), flowText(Number.NaN)].map((t) => t.replaceAll('\u202f', ' ')),
    ['3.46 Mbit/s', '42.2 Mbit/s', '713 Mbit/s', '1.23 Gbit/s', '34 Gbit/s', '\u2013']); // prettier-ignore
  const said = linkLines(row('A', 'B'), value({ flags: FLAG_SIMULATED | FLAG_STALE }), 1004, 'en').join('|').replaceAll('\u202f', ' ');
  assert.equal(said, 'A \u2192 B|40 % / 1 Gbit/s|in 400 Mbit/s · out 20 Mbit/s|4 s · up · stale · simulated');
  assert.equal(qualityText(value({ status: 1 }), 'zh'), '中断');
  assert.equal(linkLines(row('A', 'B'), undefined, 0, 'zh')[1]!.replaceAll('\u202f', ' '), '无数据 / 1 Gbit/s');
});

test('names of places that stand close together lie on no other, and those apart stay', () => {
  const box = (x: number, y: number, up = false): NameBox => ({ x, y, width: 100, height: 36, up });
  assert.deepEqual(apart([box(0, 0), box(82, 0), box(164, 0), box(400, 0)], 800), [0, 36, 0, 0], 'in turns, in two rows');
  assert.deepEqual(apart([box(82, 10), box(0, 0)], 800), [26, 0], 'the leftmost stays, in whatever order they come');
  assert.deepEqual(apart([box(0, 300, true), box(50, 300, true)], 800), [0, -36], 'away from their places: upwards');
  assert.deepEqual(apart([box(0, 760), box(50, 760)], 800), [0, -36], 'never out of the picture');
  assert.deepEqual(apart([], 800), []);
});
