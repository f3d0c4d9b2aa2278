// Waits for a condition by asking again until a deadline; what it saw last is in the error.
import {setTimeout as pause} from 'node:timers/promises';

// Sanitized builds and busy machines are slower; the deadline is stretched by the environment.
const stretch = Number(process.env.REGREEN_TIME_FACTOR ?? 1);

// `look` answers a truthy value when it holds.
export async function until(what, look, {seconds = 60, seen = () => ''} = {}) {
  const deadline = Date.now() + seconds * stretch * 1000;
  for (let every = 10; ; every = Math.min(every * 2, 200)) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) {
      const last = await seen();
      throw new Error(`waited ${seconds * stretch} s in vain until ${what}${last ? `; last seen: ${last}` : ''}`);
    }
    await pause(every);
  }
}
