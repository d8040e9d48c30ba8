// Runs before the first paint; src/theme/theme.ts owns the rest.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem('fournines.theme');
  } catch {
    // Storage may be forbidden; the system decides then.
  }
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.dataset.theme = chosen === 'dark' || chosen === 'light' ? chosen : dark ? 'dark' : 'light';
})();
