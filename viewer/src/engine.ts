// The module that the shim loads: puts a view into an element.

import { View } from './view.ts';
import type { Props } from './props.ts';

export interface Mounted {
  update(props: Props): void;
  unmount(): void;
}

declare global {
  interface Window {
    /** The views of the page, newest last: for tests, benchmarks and the curious. */
    campusTwin?: { views: View[] };
  }
}

/** Puts a view into `root`; `setProps` tells Dash what the user did. */
export function mount(root: HTMLElement, props: Props, setProps: (changed: Partial<Props>) => void): Mounted {
  const view = new View(root, setProps);
  const all = (window.campusTwin ??= { views: [] });
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
