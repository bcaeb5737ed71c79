/** What nobody may miss who sees, points or moves about otherwise than its makers: measured in the page. */

import type { Tab } from './tab.js';

/** Everything that is cut off at the window's right edge, but for what scrolls on its own. `inside`: selectors of that. */
export function cutOff(tab: Tab, inside: string): Promise<string[]> {
  return tab.look(
    `const isScrolled = e => e.closest('.scroll, .visually-hidden, [hidden], ' + of) !== null;
    const isSeen = e => e.checkVisibility({ contentVisibilityAuto: true });
    const over = [...root.querySelectorAll('*')]
      .filter(e => !isScrolled(e) && isSeen(e) && e.getBoundingClientRect().right > innerWidth + 0.5)
      .map(e => e.tagName + '.' + e.className + ' ' + e.textContent.slice(0, 40));
    return document.documentElement.scrollWidth > innerWidth ? ['the page', ...over] : over;`,
    inside,
  );
}

/** Targets under 24 px (WCAG 2.5.8). */
export function smallTargets(tab: Tab): Promise<string[]> {
  return tab.look(`
    return [...root.querySelectorAll('a, button, select, input, textarea, summary, [role=option]')]
      .filter(e => e.getClientRects().length > 0 && getComputedStyle(e).opacity !== '0')
      .map(e => ({ e, box: (e.matches('[type=checkbox], [type=radio]') ? e.closest('label') : e).getBoundingClientRect() }))
      .filter(({ box }) => box.width < 24 || box.height < 23.9)
      .map(({ e, box }) => e.outerHTML.slice(0, 60) + ' ' + box.width + 'x' + box.height);`);
}

/** What the Tab key reaches in so many steps without showing that it has the focus. */
export async function unseenFocus(tab: Tab, steps: number): Promise<string[]> {
  const unseen: string[] = [];
  for (let step = 0; step < steps; step++) {
    await tab.driver.press('Tab');
    const found = await tab.look<string>(`
      const e = root.activeElement;
      if (!e) return '';
      const { outlineStyle, outlineWidth } = getComputedStyle(e.matches('.segments input') ? e.closest('label') : e);
      return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1 ? '' : e.outerHTML.slice(0, 80);`);
    if (found) unseen.push(found);
  }
  return unseen;
}
