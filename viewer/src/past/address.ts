// Where the frames of the past come from: the live stream's address says the server and the scope.

import { decodeFrame, type Frame } from '../frame.ts';
import { PastError } from './pipeline.ts';

/** A request that takes longer is given up [ms]. */
const LATEST_MS = 15_000;

/** Address of a call of the API beside the live stream, with its query. */
function beside(liveUrl: string, call: string, query: Record<string, string>, page: string): string {
  const url = new URL(liveUrl.replace(/\/(ws|sse)\/[^/?]*/, `/api/v1/${call}`), page);
  url.protocol = url.protocol.replace('ws', 'http');
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

/** Address of a frame as of `at` [ms]; `against` [ms]: of what that has more than then, NaN = nothing. */
export function frameAddress(liveUrl: string, channel: string, at: number, against: number, page: string): string {
  const other: Record<string, string> = Number.isNaN(against) ? {} : { against: String(against) };
  return beside(liveUrl, 'frames', { channel, at: String(at), ...other }, page);
}

export function linksAddress(liveUrl: string, at: number, page: string): string {
  return beside(liveUrl, 'frames/links', { at: String(at) }, page);
}

/** Fetches; a PastError says in the server's words what cannot be had. */
export async function ask(url: string, signal: AbortSignal): Promise<ArrayBuffer> {
  let answer: Response;
  try {
    answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(LATEST_MS)]) });
    if (answer.ok) return await answer.arrayBuffer();
  } catch (error) {
    throw new PastError(String(error), true);
  }
  const problem = (await answer.json().catch(() => ({}))) as { detail?: string };
  throw new PastError(problem.detail ?? `HTTP ${answer.status}`, answer.status >= 500);
}

export async function askFrame(url: string, signal: AbortSignal): Promise<{ value: Frame; bytes: number }> {
  const buffer = await ask(url, signal);
  return { value: decodeFrame(buffer), bytes: buffer.byteLength };
}
