// Fetches the scene index and labels, and has the worker expand the room packs.

import type { BuildingData, BuildingJob, PackJob, WorkerAnswer } from './jobs.ts';
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

/** What the worker needs of each pack. */
export function packJobs(index: SceneIndex, base: string): PackJob[] {
  const jobs: PackJob[] = index.file.packs.map((pack) => ({ url: new URL(pack.url, base).href, buildings: [] }));
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

export function headStart(address: string): HeadStart {
  const url = new URL(address, location.href).href;
  const loading = new AbortController();
  const index = loadIndex(url, loading.signal);
  // whoever takes it awaits it; a head start that nobody takes fails unheard
  index.catch(() => undefined);
  return { url, loading, index, worker: new Worker(new URL(__WORKER__, import.meta.url)) };
}

/**
 * Expands packs in `worker` and ends it; resolves when every building has been handed to `each`, rejects on the first
 * failure.
 */
export function expandPacks(worker: Worker, jobs: PackJob[], signal: AbortSignal, each: (data: BuildingData) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = jobs.length;
    const end = (error?: Error): void => {
      worker.terminate();
      if (error) reject(error);
      else resolve();
    };
    signal.addEventListener('abort', () => end(new DOMException('the view was closed', 'AbortError')), { once: true });
    worker.onerror = (e) => end(new Error(e.message || 'the worker could not be started'));
    worker.onmessage = (e: MessageEvent<WorkerAnswer>) => {
      const answer = e.data;
      if (answer.kind === 'building') each(answer.data);
      else if (answer.kind === 'failed') end(new Error(answer.message));
      else if (--left === 0) end();
    };
    if (left === 0) end();
    for (const job of jobs) worker.postMessage(job);
  });
}
