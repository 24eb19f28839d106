// The module that the shim loads: puts a view into an element.

import { smoothEdges } from './probe.ts';
import { View } from './view.ts';
import type { Props } from './props.ts';

export interface Mounted {
  update(props: Props): void;
  unmount(): void;
}

declare global {
  interface Window {
    /** The views of the page, newest last, and the tests' oracle of picking: for tests and benchmarks. */
    campusTwin?: { views: View[]; idsAt(view: View, places: readonly (readonly [number, number])[]): Promise<number[][]> };
  }
}

/** Puts a view into `root`; `setProps` tells Dash what the user did. */
export function mount(root: HTMLElement, props: Props, setProps: (changed: Partial<Props>) => void): Mounted {
  const view = new View(root, setProps, () => smoothEdges(props.quality), props.sceneUrl);
  const all = (window.campusTwin ??= { views: [], idsAt: async (...given) => (await import('./oracle.ts')).idsAt(...given) });
  all.views.push(view);
  view.update(props);
  return {
    update: (next) => view.update(next),
    unmount: () => {
      all.views.splice(all.views.indexOf(view), 1);
      view.dispose();
    },
  };
}
