// Fetches the scene index and labels, and has the worker expand the room packs.

import type { BuildingJob, First, PackJob, WorkerAnswer } from './jobs.ts';
import { type LabelFile, type SceneFile, SceneIndex } from './scene.ts';

declare const __WORKER__: string;

async function json<T>(url: string, signal: AbortSignal): Promise<T> {
  const answer = await fetch(url, { signal });
  if (!answer.ok) throw new Error(`${url}: HTTP ${answer.status}`);
  return (await answer.json()) as T;
}

export async function loadIndex(url: string, signal: AbortSignal): Promise<SceneIndex> {
  return new SceneIndex(await json<SceneFile>(url, signal));
}

export async function loadLabels(index: SceneIndex, base: string, signal: AbortSignal): Promise<void> {
  if (index.file.labels === null) return;
  index.labels = await json<LabelFile>(new URL(index.file.labels, base).href, signal);
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

/** A part of the scene: the rooms of some buildings, a building, or what is made beside its rooms. */
export type Part = Exclude<WorkerAnswer, { kind: 'shown' | 'done' | 'failed' }>;

/** Resolve when all that the first frame shows has been handed over, and when everything has; both reject on a failure. */
export interface Expanding {
  shown: Promise<void>;
  all: Promise<void>;
}

/** Expands packs in `worker`, with more beside it where there are several packs and processors, and ends them all. */
export function expandPacks(worker: Worker, jobs: PackJob[], signal: AbortSignal, each: (part: Part) => void): Expanding {
  const count = Math.min(MOST_WORKERS, jobs.length, navigator.hardwareConcurrency || 1);
  const workers = [worker];
  while (workers.length < count) workers.push(newWorker());
  let see = (): void => undefined;
  let hide = (_: Error): void => undefined;
  const shown = new Promise<void>((resolve, reject) => ([see, hide] = [resolve, reject]));
  const all = new Promise<void>((resolve, reject) => {
    let [left, unseen] = [jobs.length, jobs.length];
    const waiting = [...jobs];
    const end = (error?: Error): void => {
      for (const one of workers) one.terminate();
      if (error) {
        hide(error);
        reject(error);
      } else resolve();
    };
    signal.addEventListener('abort', () => end(new DOMException('the view was closed', 'AbortError')), { once: true });
    if (left === 0) {
      see();
      end();
    }
    for (const one of workers) {
      const next = (): void => {
        const job = waiting.shift();
        if (job) one.postMessage(job);
      };
      one.onerror = (e) => end(new Error(e.message || 'the worker could not be started'));
      one.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => {
        if (data.kind === 'failed') end(new Error(data.message));
        else if (data.kind === 'done') {
          if (--left === 0) end();
          else next();
        } else if (data.kind !== 'shown') each(data);
        else if (--unseen === 0) see();
      };
      next();
    }
  });
  // who waits for what is shown hears of a failure there; nobody need wait for the rest
  all.catch(() => undefined);
  return { shown, all };
}
