// The classic script that Dash loads: defines the component at once and fetches the engine as a module when the first
// view is put on a page. (A component that only a module defines can come too late for Dash's renderer.)

import type * as ReactTypes from 'react';
import type { Mounted } from './engine.ts';
import type { DashProps } from './props.ts';

declare const __ENGINE__: string;
/** Modules that the engine imports: fetched beside it, not after it. */
declare const __PARTS__: string[];

type Engine = typeof import('./engine.ts');

const scope = window as unknown as { React: typeof ReactTypes; campus_twin?: Record<string, unknown> };
const here = (document.currentScript as HTMLScriptElement | null)?.src ?? location.href;
const FILL = { position: 'relative', width: '100%', height: '100%', overflow: 'hidden' } as const;
let engine: Promise<Engine> | null = null;

function load(): Promise<Engine> {
  if (engine === null) {
    for (const part of __PARTS__) {
      const link = document.createElement('link');
      link.rel = 'modulepreload';
      link.href = new URL(part, here).href;
      document.head.append(link);
    }
    engine = import(new URL(__ENGINE__, here).href) as Promise<Engine>;
  }
  return engine;
}

function CampusView(props: DashProps): ReactTypes.ReactElement {
  const { useEffect, useRef, createElement } = scope.React;
  const root = useRef<HTMLDivElement | null>(null);
  const mounted = useRef<Mounted | null>(null);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    let gone = false;
    const element = root.current;
    load().then(
      (module) => {
        if (gone || element === null) return;
        mounted.current = module.mount(element, latest.current, (changed) => latest.current.setProps?.(changed));
      },
      (error: unknown) => {
        engine = null;
        if (element === null) return;
        element.dataset['state'] = 'error';
        element.textContent = `The 3D view could not be loaded: ${String(error)}`;
      },
    );
    return () => {
      gone = true;
      mounted.current?.unmount();
      mounted.current = null;
    };
  }, []);
  useEffect(() => mounted.current?.update(props));
  return createElement('div', { id: props.id, ref: root, className: 'campus-view', style: FILL, 'data-state': 'loading' });
}

scope.campus_twin = { ...scope.campus_twin, CampusView };
