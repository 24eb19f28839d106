// How much larger than at 16 px the page sets its type: words on the scene grow with the page's own.

/** 1 on a desk's screen, more where the style sheet enlarges the page. */
export function typeScale(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 || 1;
}
