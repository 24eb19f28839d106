// The field of pages/_parts/field.py: the browser holds what is typed; Dash hears of it and writes only what is news.
(function () {
  "use strict";

  function TextField({ id, type, value, label, placeholder, maxLength, autoComplete, className, wait, setProps }) {
    const { createElement, useEffect, useRef } = window.React;
    const field = useRef(null);
    const told = useRef(value ?? "");
    const timer = useRef(0);
    const tell = useRef(null);
    tell.current = () => {
      clearTimeout(timer.current);
      const now = field.current?.value ?? told.current;
      if (now === told.current) return;
      told.current = now;
      setProps({ value: now });
    };
    useEffect(() => {
      // what we told comes back to us; by then more may have been typed
      if ((value ?? "") === told.current) return;
      clearTimeout(timer.current);
      told.current = field.current.value = value ?? "";
    }, [value]);
    useEffect(() => () => clearTimeout(timer.current), []);
    return createElement("input", {
      id, type: type ?? "text", placeholder, maxLength, autoComplete: autoComplete ?? "off", className, ref: field,
      "aria-label": label, defaultValue: value ?? "",
      onInput: () => {
        clearTimeout(timer.current);
        timer.current = setTimeout(() => tell.current(), wait ?? 0);
      },
      onBlur: () => tell.current(),
    });
  }

  window.campus_pages = { ...window.campus_pages, TextField };
})();
