// Corridors as a net of middle lines: where two of them meet one may turn; a device joins the nearest line square on.

type Point = readonly [number, number];
type Box = readonly [number, number, number, number];

interface Hall {
  /** Runs along x; `at` is its y, else its x. */
  flat: boolean;
  at: number;
  low: number;
  high: number;
}

interface Stop {
  hall: number;
  place: Point;
  /** The stop of the other hall that is reached from here. */
  turn: number;
}

export class Halls {
  private readonly halls: Hall[];
  private readonly stops: Stop[] = [];

  /** `reach`: corridors meet when there is no more than this between them. */
  constructor(boxes: readonly Box[], reach: number) {
    this.halls = boxes.map(([x0, y0, x1, y1]) =>
      x1 - x0 >= y1 - y0 ? { flat: true, at: (y0 + y1) / 2, low: x0, high: x1 } : { flat: false, at: (x0 + x1) / 2, low: y0, high: y1 },
    );
    for (let i = 0; i < boxes.length; i++) {
      for (let j = i + 1; j < boxes.length; j++) if (touch(boxes[i]!, boxes[j]!, reach)) this.join(i, j);
    }
  }

  private join(i: number, j: number): void {
    const [a, b] = [this.halls[i]!, this.halls[j]!];
    const [p, q] = a.flat === b.flat ? meeting(a, b) : crossing(a, b);
    const n = this.stops.length;
    this.stops.push({ hall: i, place: p, turn: n + 1 }, { hall: j, place: q, turn: n });
  }

  /** The way between two places along the halls; null when they are not connected. */
  between(from: Point, to: Point): Point[] | null {
    const [a, b] = [this.nearest(from), this.nearest(to)];
    const way = a.hall === b.hall ? [] : this.through(a, b);
    return way && [from, ...elbow(from, a.place), ...way, ...elbow(to, b.place).reverse(), to];
  }

  /** The stops on the shortest way from a place on one hall to a place on another. */
  private through(a: Joined, b: Joined): Point[] | null {
    const { stops } = this;
    const cost = stops.map((stop) => (stop.hall === a.hall ? gap(stop.place, a.place) : Infinity));
    const before = stops.map(() => -1);
    const open = new Set(stops.keys());
    let [last, least] = [-1, Infinity];
    while (open.size > 0) {
      let here = -1;
      for (const k of open) if (here < 0 || cost[k]! < cost[here]!) here = k;
      open.delete(here);
      const spent = cost[here]!;
      if (spent >= least) break;
      const stop = stops[here]!;
      const rest = stop.hall === b.hall ? spent + gap(stop.place, b.place) : Infinity;
      if (rest < least) [least, last] = [rest, here];
      for (const next of open) {
        const other = stops[next]!;
        if (other.hall !== stop.hall && stop.turn !== next) continue;
        const sum = spent + gap(stop.place, other.place);
        if (sum < cost[next]!) [cost[next], before[next]] = [sum, here];
      }
    }
    if (last < 0) return null;
    const way: Point[] = [];
    for (let k = last; k >= 0; k = before[k]!) way.unshift(stops[k]!.place);
    return way;
  }

  /** Where a place joins the net: square on to the nearest hall. */
  private nearest(p: Point): Joined {
    let best: Joined = { hall: 0, place: p };
    let least = Infinity;
    this.halls.forEach((hall, k) => {
      const along = Math.min(hall.high, Math.max(hall.low, hall.flat ? p[0] : p[1]));
      const place: Point = hall.flat ? [along, hall.at] : [hall.at, along];
      const far = gap(place, p);
      if (far < least) [least, best] = [far, { hall: k, place }];
    });
    return best;
  }
}

interface Joined {
  hall: number;
  place: Point;
}

function gap(a: Point, b: Point): number {
  return Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]);
}

function touch(a: Box, b: Box, reach: number): boolean {
  return a[0] - reach <= b[2] && b[0] - reach <= a[2] && a[1] - reach <= b[3] && b[1] - reach <= a[3];
}

/** Where the middle lines of two halls cross, though one of them may end a little before. */
function crossing(a: Hall, b: Hall): [Point, Point] {
  const place: Point = a.flat ? [b.at, a.at] : [a.at, b.at];
  return [place, place];
}

/** Two halls of one direction: at the middle of what they share, or of the gap between them. */
function meeting(a: Hall, b: Hall): [Point, Point] {
  const along = (Math.max(a.low, b.low) + Math.min(a.high, b.high)) / 2;
  return a.flat ? [[along, a.at], [along, b.at]] : [[a.at, along], [b.at, along]]; // prettier-ignore
}

/** From a place to where it joins a line: with a corner when that is not straight on. */
function elbow(p: Point, joined: Point): Point[] {
  return p[0] !== joined[0] && p[1] !== joined[1] ? [[p[0], joined[1]], joined] : [joined];
}
