// Fetches the scene index and labels, and has the worker expand the room packs.

import type { BuildingJob, First, PackJob, WorkerAnswer } from './jobs.ts';
import { type LabelFile, type SceneFile, SceneIndex } from './scene.ts';

declare const __WORKER__: string;

/** Taken apart after `then`: the text of a large campus keeps the page for a fifth of a second. */
async function json<T>(url: string, signal: AbortSignal, then?: Promise<void>): Promise<T> {
  const answer = await fetch(url, { signal });
  await then;
  if (!answer.ok) throw new Error(`${url}: HTTP ${answer.status}`);
  return (await answer.json()) as T;
}

export async function loadIndex(url: string, signal: AbortSignal): Promise<SceneIndex> {
  return new SceneIndex(await json<SceneFile>(url, signal));
}

/** Fetched at once, read when `drawn`: names and numbers come onto a picture, and must not keep it from coming. */
export async function loadLabels(index: SceneIndex, base: string, signal: AbortSignal, drawn?: Promise<void>): Promise<void> {
  if (index.file.labels === null) return;
  index.labels = await json<LabelFile>(new URL(index.file.labels, base).href, signal, drawn);
}

/** A campus of more spaces is drawn in fewer, wider groups. */
const WIDE_SPACES = 40_000;

/** What the worker needs of each pack. */
export function packJobs(index: SceneIndex, base: string, first: First): PackJob[] {
  const jobs: PackJob[] = index.file.packs.map((pack) => ({ url: new URL(pack.url, base).href, buildings: [], first, wide: index.spaces > WIDE_SPACES }));
  index.file.buildings.forEach((row, building) => {
    const job: BuildingJob = {
      building,
      offset: row.offset,
      length: row.length,
      firstStorey: row.storeys[0],
      firstSlot: index.firstSpace + row.spaces[0],
      firstStoreySlot: index.storeySlot(row.storeys[0]),
      bounds: row.bounds,
      frame: row.frame,
      category: row.category,
    };
    jobs[row.pack]?.buildings.push(job);
  });
  return jobs.filter((job) => job.buildings.length > 0);
}

/** What a scene needs first, on its way while the page makes its graphics context: the index, and the worker's script. */
export interface HeadStart {
  url: string;
  loading: AbortController;
  index: Promise<SceneIndex>;
  worker: Worker;
}

function newWorker(): Worker {
  return new Worker(new URL(__WORKER__, import.meta.url));
}

export function headStart(address: string): HeadStart {
  const url = new URL(address, location.href).href;
  const loading = new AbortController();
  const index = loadIndex(url, loading.signal);
  // whoever takes it awaits it; a head start that nobody takes fails unheard
  index.catch(() => undefined);
  return { url, loading, index, worker: newWorker() };
}

/** Most workers that expand packs side by side: more would only wait for the page that takes their arrays in. */
const MOST_WORKERS = 4;
/** Packs that a worker fetches while it expands another. */
const AHEAD = 2;

/** A part of the scene: the rooms of some buildings, a building, or what is made beside its rooms. */
export type Part = Exclude<WorkerAnswer, { kind: 'shown' | 'done' | 'failed' }>;

export interface Expanding {
  /** Resolves when all that the first frame shows has been handed over. */
  shown: Promise<void>;
  /**
   * Asks for what comes second, and resolves when that has been handed over: made before the first frame is on the screen,
   * it would only hold that up. Once, after `shown`.
   */
  rest(): Promise<void>;
}

interface Deferred {
  promise: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

function deferred(): Deferred {
  const out = {} as Deferred;
  out.promise = new Promise((resolve, reject) => Object.assign(out, { resolve, reject }));
  return out;
}

/** Expands packs in `worker`, with more beside it where there are several packs and processors, and ends them all. */
export function expandPacks(worker: Worker, jobs: PackJob[], signal: AbortSignal, each: (part: Part) => void): Expanding {
  const count = Math.min(MOST_WORKERS, jobs.length, navigator.hardwareConcurrency || 1);
  const workers = [worker];
  while (workers.length < count) workers.push(newWorker());
  const shown = deferred();
  const all = deferred();
  // who waits for one of them hears of a failure there; nobody need wait for the other
  for (const { promise } of [shown, all]) promise.catch(() => undefined);
  const fail = (error: Error): void => {
    for (const one of workers) one.terminate();
    shown.reject(error);
    all.reject(error);
  };
  signal.addEventListener('abort', () => fail(new DOMException('the view was closed', 'AbortError')), { once: true });
  const waiting = [...jobs];
  let [unseen, unfinished] = [jobs.length, workers.length];
  if (unseen === 0) shown.resolve();
  const give = (one: Worker): void => {
    const job = waiting.shift();
    if (job) one.postMessage(job);
  };
  for (const one of workers) {
    one.onerror = (e) => fail(new Error(e.message || 'the worker could not be started'));
    one.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => {
      if (data.kind === 'failed') fail(new Error(data.message));
      else if (data.kind === 'done') {
        one.terminate();
        if (--unfinished === 0) all.resolve();
      } else if (data.kind === 'shown') {
        if (--unseen === 0) shown.resolve();
        else give(one);
      } else each(data);
    };
    give(one);
  }
  // each fetches its next ones while it expands the first
  for (let ahead = 0; ahead < AHEAD; ahead++) workers.forEach(give);
  const rest = (): Promise<void> => {
    for (const one of workers) one.postMessage('rest');
    return all.promise;
  };
  return { shown: shown.promise, rest };
}
