// What takes a wall over (assets/wall-incident.js): an alarm that becomes part of an incident stays the same event on the screen,
// what is over is not said to be acknowledged, and one is not shown twice.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

declare const __ROOT__: string;

interface Row { id: string; node: string; over?: boolean; acknowledged: boolean }
type Fn = (detail?: unknown) => void;

const BOTH = { zh: '\u7ebf', en: 'Line' };
const OPENED = new Date(0).toISOString();
const alarm = (id: string, priority = 1): object => ({ id, text: BOTH, priority, place: 'p', place_names: BOTH, raised: OPENED, shown: OPENED, nodes: ['router'], state: 'B', kind: 'state', acked_by: '', value: 1, unit: '', limit: null });
const incident = (id: string, alarms: string[]): object => ({ id, text: BOTH, priority: 1, state: 'open', place: 'p', place_names: BOTH, opened: OPENED, counts: {}, consequences: 0, affected_spaces: 0, cause: 'line', nodes: ['line', 'router'], acknowledged: false, acked_by: '', assignee: '', alarms });

function screen(takeover: object = {}): { drawn: Row[]; shown(): Row | undefined; incident(): unknown; know(alarms: object[], incidents?: object[]): void; wait(seconds: number): void } {
  const heard = new Map<string, Fn>();
  const drawn: Row[] = [];
  let at = 1e6;
  let watch: Fn = () => undefined;
  const element = { toggleAttribute: () => undefined, removeAttribute: () => undefined, textContent: '', hidden: false };
  const wall = {
    data: { takeover: { on: true, priority: 2, hold_s: 30, longest_s: 600, every_s: 60, flood: 10, ...takeover } }, screen: { role: 'scenes', takeover: true }, incident: null,
    on: (name: string, fn: Fn) => heard.set(name, fn), tell: () => undefined, now: () => at, say: (key: string) => key, name: () => 'Line', write: () => undefined,
    card: { draw: (row: Row) => drawn.push(row), clear: () => drawn.push({ id: '', node: '', acknowledged: false }) }, frame: () => undefined, redraw: () => undefined,
  };
  const window = { campus: { wall, setProps: () => undefined }, campusAlarms: { watch: (fn: Fn) => (watch = fn) } };
  const scope = { window, document: { hidden: true, getElementById: () => element }, performance: { now: () => at }, console: { info: () => undefined, error: () => undefined } };
  new Function(...Object.keys(scope), readFileSync(join(__ROOT__, 'assets', 'wall-incident.js'), 'utf8'))(...Object.values(scope));
  heard.get('begin')!();
  const byId = (rows: object[]): Map<string, object> => new Map(rows.map((row) => [(row as Row).id, row]));
  return {
    drawn, shown: () => drawn.at(-1), incident: () => wall.incident,
    know: (alarms, incidents = []) => watch({ state: 'ready', alarms: byId(alarms), incidents: byId(incidents) }),
    wait: (seconds) => {
      at += seconds * 1000;
      heard.get('second')!();
    },
  };
}

test('an alarm that becomes part of an incident goes on as that incident, at once', () => {
  const { know, shown, incident: now, wait } = screen();
  know([alarm('a')]);
  assert.deepEqual([now(), shown()!.node], ['a', ''], 'what fails with it is not known yet');
  wait(5);
  know([alarm('a')], [incident('I1', ['a'])]);
  assert.deepEqual([now(), shown()!.node, shown()!.acknowledged, shown()!.over], ['I1', 'line', false, undefined]);
});

test('what is over before its time is said to be over, not acknowledged', () => {
  const { know, shown, wait } = screen();
  know([alarm('a')]);
  wait(5);
  know([]);
  assert.deepEqual([shown()!.over, shown()!.acknowledged], [true, false]);
  wait(30);
  assert.equal(shown()!.id, '', 'and then the round goes on');
});

test('what had the screen for its time does not come again as an incident', () => {
  const { know, incident: now, wait } = screen();
  know([alarm('a')]);
  wait(601);
  assert.equal(now(), null);
  know([alarm('a')], [incident('I1', ['a'])]);
  wait(120);
  assert.equal(now(), null);
});
