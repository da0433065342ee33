import childProcess from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const childPatienceMs = 10_000;

const running = new Set();
const watchers = new Set();

/** Calls `watcher` with the process ids of the programs that run, now and whenever that changes; returns how to end it. */
export function watchChildren(watcher) {
  const tell = () => watcher([...running].map((child) => child.pid));
  watchers.add(tell);
  tell();
  return () => watchers.delete(tell);
}

function track(child, change) {
  change.call(running, child);
  for (const tell of watchers) tell();
}

/**
 * Runs a program to its end. Asynchronous, since signal handlers and the progress line stand still during a synchronous one.
 * @returns {Promise<{code: number, stdout: string, stderr: string}>} code 127 where the program is not there
 */
export function runCommand(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = childProcess.spawn(program, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: options.show ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    });
    track(child, running.add);
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.on('error', (error) => {
      track(child, running.delete);
      resolve({ code: 127, stdout, stderr: stderr + error.message });
    });
    child.on('close', (code, signal) => {
      track(child, running.delete);
      resolve({ code: code ?? 1, stdout, stderr: signal ? `${stderr}\nstopped by ${signal}` : stderr });
    });
  });
}

/**
 * Ends the programs that run and waits until they have. npm undoes what it did when it is stopped, and a set-up that starts
 * meanwhile would find files vanish; so whoever holds a lock keeps it until then.
 */
export async function stopChildren() {
  for (const child of running) child.kill('SIGTERM');
  const impatience = setTimeout(() => {
    for (const child of running) child.kill('SIGKILL');
  }, childPatienceMs);
  while (running.size > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  clearTimeout(impatience);
}

/** Full path of a program on PATH (or of a path given as such), null where there is none. */
export function findProgram(name, env) {
  const folders = name.includes(path.sep) ? [''] : (env.PATH ?? '').split(path.delimiter);
  for (const folder of folders) {
    const file = path.join(folder, name);
    try {
      fs.accessSync(file, fs.constants.X_OK);
      if (fs.statSync(file).isFile()) return file;
    } catch {
      continue;
    }
  }
  return null;
}

/** The line that says why: the last one that looks like an error, else simply the last. */
export function lastLine(text) {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const errors = lines.filter((line) => /error/i.test(line));
  return (errors.at(-1) ?? lines.at(-1) ?? 'no message').replace(/^(npm error|ERROR:)\s*/, '');
}
