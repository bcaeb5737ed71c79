/**
 * What the visitor chose to keep: language and theme. Without storage (private windows) the choice lasts for the page.
 */

import { preferredLanguage, setLanguage, watchLanguage, language, LANGUAGES, type Language } from './locale.js';

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const LANGUAGE_KEY = 'ottla.language';
const THEME_KEY = 'ottla.theme';

let chosen: Theme = 'auto';
const watchers = new Set<() => void>();

export function theme(): Theme {
  return chosen;
}

export function setTheme(name: Theme): void {
  chosen = name;
  keep(THEME_KEY, name);
  for (const watcher of watchers) watcher();
}

export function watchTheme(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Takes up what was kept, or what the browser prefers; from then on a chosen language is kept. */
export function loadPreferences(): void {
  const kept = load(LANGUAGE_KEY);
  const isKnown = kept !== undefined && Object.hasOwn(LANGUAGES, kept);
  setLanguage(isKnown ? (kept as Language) : preferredLanguage(navigator.languages));
  const keptTheme = THEMES.find(name => name === load(THEME_KEY));
  if (keptTheme) chosen = keptTheme;
  watchLanguage(() => keep(LANGUAGE_KEY, language()));
}

function load(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Kept for this page only.
  }
}
