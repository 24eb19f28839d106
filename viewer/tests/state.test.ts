import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeFrame, FLAG_SIMULATED, FLAG_STALE, NO_VALUE, QUALITY_NONE } from '../src/frame.ts';
import { ageText } from '../src/livetext.ts';
import { initialView, readProps } from '../src/shared.ts';
import { Change } from '../src/layer.ts';
import { classOf, plainByte, Ramp } from '../src/ramp.ts';
import { SpaceState, Trust, trustByte } from '../src/state.ts';
import { tokensOf } from '../src/tokens.ts';
import { bytesOf, tinyIndex } from './golden.ts';

Object.assign(globalThis, { matchMedia: () => ({ matches: false }) });
const index = tinyIndex();
const legend = { low: 0, high: 120, breaks: [10, 20, 40, 60, 80, 100], unit: 'kW', zh: '功率', en: 'Power', decimals: 1 };

function stateAfterKeyframe(): SpaceState {
  const state = new SpaceState(index);
  state.setActive(true);
  state.apply(decodeFrame(bytesOf('frames/keyframe.bin')), 5);
  state.refresh();
  return state;
}

test('a value becomes one byte: 0 is none, 1 the lowest, 255 the highest', () => {
  assert.deepEqual([NO_VALUE, 0, 65534, 32767].map(plainByte), [0, 1, 255, 128]);
});

test('a keyframe fills what it names and empties the rest', () => {
  const state = stateAfterKeyframe();
  assert.equal(state.shownByte(8), 255);
  assert.equal(state.wireFlags[8], FLAG_SIMULATED);
  assert.equal(state.shownByte(11), 0);
  assert.equal(state.wireFlags[20], QUALITY_NONE);
  assert.equal(state.total[0], 2116.5);
  assert.deepEqual([state.have[0], state.of[0], state.age[0]], [36, 38, 12]);
  assert.ok(Number.isNaN(state.total[2]!));
});

test('a delta changes only what it names', () => {
  const state = stateAfterKeyframe();
  state.apply(decodeFrame(bytesOf('frames/delta.bin')), 6);
  state.refresh();
  assert.equal(state.shownByte(9), plainByte(32767));
  assert.equal(state.shownByte(8), 255);
  assert.equal(state.seen[9], 6);
  assert.equal(state.seen[8], 5);
});

test('a keyframe of every room in a row is taken in as one of single rooms is', () => {
  const n = index.slots - index.firstSpace;
  const whole = decodeFrame(bytesOf('frames/keyframe.bin'));
  const slots = Uint32Array.from({ length: n }, (_, k) => index.firstSpace + k);
  const leafValue = Uint16Array.from(slots, (slot) => (slot % 5 === 0 ? NO_VALUE : slot * 997));
  const leafFlags = Uint8Array.from(slots, (slot) => (slot % 3 === 0 ? FLAG_STALE : slot % 5 === 0 ? QUALITY_NONE : FLAG_SIMULATED));
  const row = { ...whole, leafSlot: slots, leafValue, leafFlags };
  const order = Array.from({ length: n }, (_, k) => n - 1 - k);
  const turned = {
    ...whole,
    leafSlot: Uint32Array.from(order, (k) => slots[k]!),
    leafValue: Uint16Array.from(order, (k) => leafValue[k]!),
    leafFlags: Uint8Array.from(order, (k) => leafFlags[k]!),
  };
  const [one, other] = [row, turned].map((frame) => {
    const state = stateAfterKeyframe();
    state.apply(frame, 9);
    state.refresh();
    const shown = Array.from({ length: index.slots }, (_, slot) => state.shownByte(slot));
    return [shown, [...state.wireFlags], [...state.seen], [...(state.flags.image as unknown as { data: Uint8Array }).data]];
  });
  assert.deepEqual(one, other);
  for (const slot of slots) assert.equal(one![3]![slot]! & 0x7f, leafFlags[slot - index.firstSpace]);
});

test('a lost feed is stale, not frozen', () => {
  const state = stateAfterKeyframe();
  state.markStale();
  assert.equal(state.wireFlags[8]! & FLAG_STALE, FLAG_STALE);
  assert.equal(state.wireFlags[20], QUALITY_NONE, 'what never had data is not stale');
});

test('painting a whole scene gives every room the class of its own value', () => {
  const perArea = { unit: 'W/m2', factor: 1000, low: 0, high: 60, breaks: [2, 5, 10, 20, 30, 40] };
  // the last: a weight that takes places on the table beyond what 32 bits hold
  for (const [density, tiny] of [[undefined, 0], [perArea, 0], [perArea, 1e-7]] as const) {
    const ramp = new Ramp(density ? { ...legend, density } : legend);
    const n = 65536;
    const raw = Uint16Array.from({ length: n }, (_, i) => i);
    const area = Float32Array.from({ length: n }, (_, i) => (i % 97 === 0 ? 0 : tiny > 0 && i % 89 === 0 ? tiny : 5 + (i % 211)));
    const weight = area.map((a) => (a > 0 ? 1 / a : Number.NaN));
    const heaviest = weight.reduce((most, w) => (w > most ? w : most), 0);
    const shown = new Uint8Array(n).fill(77);
    const scale = (density ? 9 : 150) / 65534;
    ramp.paint(raw, weight, heaviest, 3, -1, scale, shown);
    assert.deepEqual([...shown.subarray(0, 3)], [77, 77, 77], 'what lies before the first slot is left alone');
    for (let i = 3; i < n; i++) {
      const number = ramp.number(-1 + raw[i]! * scale, density ? 1 / weight[i]! : area[i]!);
      const want = raw[i] === NO_VALUE || (density && area[i] === 0) ? 0 : ramp.byte(number);
      assert.equal(classOf(shown[i]!), classOf(want), `raw ${i}`);
      assert.ok(Math.abs(shown[i]! - want) <= 12, `raw ${i}: ${shown[i]} for ${want}`);
    }
  }
});

test('the trust lens shows how good a value is', () => {
  assert.equal(trustByte(100, 0), Trust.fresh);
  assert.equal(trustByte(100, 1), Trust.late);
  assert.equal(trustByte(100, FLAG_STALE), Trust.stale);
  assert.equal(trustByte(100, 2), Trust.stale);
  assert.equal(trustByte(100, FLAG_SIMULATED), Trust.simulated);
  assert.equal(trustByte(NO_VALUE, QUALITY_NONE), Trust.none);
});

test('classes follow the breaks of the legend, over decades, to the last digit', () => {
  const ramp = new Ramp(legend);
  assert.deepEqual([5, 15, 30, 50, 70, 90, 110].map((v) => classOf(ramp.byte(v))), [0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual([-5, 0, 120, 900].map((v) => classOf(ramp.byte(v))), [0, 0, 6, 6]);
  assert.equal(ramp.byte(Number.NaN), 0);
  const wide = new Ramp({ ...legend, high: 1000, breaks: [0.1, 0.2, 1, 5, 20, 100] });
  for (const [i, edge] of [0.1, 0.2, 1, 5, 20, 100].entries()) {
    assert.equal(classOf(wide.byte(edge * 0.999)), i, `just under ${edge}`);
    assert.equal(classOf(wide.byte(edge)), i + 1, `at ${edge}`);
  }
});

test('bytes rise with the number, and a class has room within', () => {
  const ramp = new Ramp(legend);
  let before = 0;
  const seen = new Set<number>();
  for (let v = 0; v < 120; v += 0.1) {
    const byte = ramp.byte(v);
    assert.ok(byte >= before && byte >= 1 && byte <= 255);
    before = byte;
    seen.add(byte);
  }
  assert.ok(seen.size > 230, String(seen.size));
});

test('a density compares a small room with a large one, and a wider wire range changes nothing', () => {
  const density = { unit: 'W/m²', factor: 1000, low: 0, high: 200, breaks: [2, 5, 8, 12, 20, 50] };
  const state = stateAfterKeyframe();
  state.setPalette(tokensOf('light'), { ...legend, density });
  state.setAreas(Array.from({ length: index.spaces }, () => 40));
  const slot = index.firstSpace;
  state.raw[slot] = 65534 / 100;
  for (const high of [60, 120]) {
    state.low = 0;
    state.high = high;
    state.raw[slot] = Math.round((0.4 / high) * 65534);
    state.refresh();
    assert.equal(classOf(state.shownByte(slot)), 3, `0.4 kW on 40 m2 is 10 W/m2, range ${high}`);
    assert.equal(state.step(slot), 3);
  }
});

test('the palette holds the tokens themselves', () => {
  const state = stateAfterKeyframe();
  const tokens = tokensOf('dark');
  state.setPalette(tokens, legend);
  const data = state.palette.image.data as Uint8Array;
  const hex = (at: number): string => `#${[0, 1, 2].map((c) => data[4 * at + c]!.toString(16).padStart(2, '0')).join('')}`.toUpperCase();
  assert.equal(hex(1), tokens.hex.ramp[0]);
  assert.equal(hex(255), tokens.hex.ramp[6]);
});

test('without a channel the campus is clay: no values and no patterns', () => {
  const state = stateAfterKeyframe();
  state.setActive(false);
  state.refresh();
  assert.equal(state.shownByte(8), 0);
  const flags = state.flags.image.data as Uint8Array;
  assert.equal(flags[8], 0);
});

test('properties become state, and say what they changed', () => {
  const view = initialView();
  assert.equal(readProps({ lang: 'zh', theme: 'light' }, view, index), 0);
  assert.equal(readProps({ theme: 'dark' }, view, index), Change.Theme);
  const bits = readProps({ theme: 'dark', selection: 'a/0/1', storey: 'a/0' }, view, index);
  assert.ok(bits & Change.Selection && bits & Change.Storeys);
  assert.deepEqual([view.selection, view.storey, view.focus], [index.slot('a/0/1'), 1, 0]);
  assert.equal(readProps({ theme: 'dark', selection: 'a/0/1', storey: 'a/0', section: null }, view, index), 0);
  const section = { axis: 'x', at: 3, flip: false } as const;
  assert.equal(readProps({ theme: 'dark', selection: 'a/0/1', storey: 'a/0', section }, view, index), Change.Section);
  assert.equal(readProps({ theme: 'dark', selection: 'a/0/1', storey: 'a/0', section: { ...section } }, view, index), 0, 'an equal object is no change');
  readProps({ explode: 7 }, view, index);
  assert.equal(view.explode, 1);
});

test('ages in words', () => {
  assert.deepEqual([4, 89, 120, 7200, 400_000].map((s) => ageText(s, 'en')), ['4 s', '89 s', '2 min', '2 h', '5 d']);
  assert.equal(ageText(120, 'zh'), '2 分钟');
});

test('a failure stands in place of values: what is weakened is hatched, all else is clay, and values come back', () => {
  const state = stateAfterKeyframe();
  const tokens = tokensOf('dark');
  state.setPalette(tokens, legend);
  const before = Array.from({ length: index.slots }, (_, slot) => [state.shownByte(slot), state.flags.image.data![slot]]);
  state.impact = new Uint8Array(index.slots);
  state.impact.set([1, 2, 3], index.firstSpace);
  state.setPalette(tokens, legend);
  state.refresh();
  const shown = [0, 1, 2, 3].map((k) => state.shownByte(index.firstSpace + k));
  assert.deepEqual(shown, [1, 2, 3, 0]);
  assert.deepEqual([0, 1, 2, 3].map((k) => state.flags.image.data![index.firstSpace + k]), [FLAG_STALE, 0, 0, 0]);
  const colour = (byte: number): string => [0, 1, 2].map((k) => state.palette.image.data![byte * 4 + k]!.toString(16).padStart(2, '0')).join('');
  assert.equal(`#${colour(2)}`.toUpperCase(), tokens.hex.ramp[6]);
  assert.equal(`#${colour(0)}`.toUpperCase(), tokens.hex.clay);
  state.impact = null;
  state.setPalette(tokens, legend);
  state.refresh();
  assert.deepEqual(Array.from({ length: index.slots }, (_, slot) => [state.shownByte(slot), state.flags.image.data![slot]]), before);
});
