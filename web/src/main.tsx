import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { createServerClock } from './live/clock.ts';
import { openLine } from './live/line.ts';
import { createLive } from './live/live.ts';
import './theme/tokens.css';
import './theme/base.css';
import './theme/parts.css';
import { followSystem } from './theme/theme.ts';

const clock = createServerClock(Date.now);
const live = createLive({
  openLine,
  nowMs: Date.now,
  later: (task, delayMs) => void setTimeout(task, delayMs),
  hidden: () => document.hidden,
});

followSystem();

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <App parts={{ live, clock }} />
  </StrictMode>,
);
