import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tierFor } from '../src/quality.ts';

test('the tier follows the frame time and does not swing at the borders', () => {
  assert.equal(tierFor(5, 'b'), 'a');
  assert.equal(tierFor(25, 'b'), 'b');
  assert.equal(tierFor(300, 'b'), 'c');
  assert.equal(tierFor(300, 'a'), 'c');
  assert.equal(tierFor(15, 'a'), 'a');
  assert.equal(tierFor(15, 'b'), 'b');
  assert.equal(tierFor(50, 'b'), 'b');
  assert.equal(tierFor(40, 'c'), 'c');
  assert.equal(tierFor(25, 'c'), 'b');
});
