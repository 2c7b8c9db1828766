// What stands around every page: name, pages, device, theme; the messages that concern the whole site; the page itself.

import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { fault, opened, progress } from "../engine/session.ts";
import { NoGpuMessage } from "./no_gpu.tsx";
import { linkTo, PAGES, pageNamed, route } from "./route.ts";
import { type Theme, theme } from "./theme.ts";

const shown = signal<{ page: string; Component: ComponentType } | { page: string; error: string } | null>(
  null,
);

export function Frame() {
  const { page, faults } = route.value;
  useEffect(() => void show(page), [page]);
  const current = shown.value;
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        Skip to the page
      </button>
      <header class="head">
        <a class="name" href="#/">
          wgrad
        </a>
        <nav aria-label="Pages">
          {Object.entries(PAGES).map(([name, { title }]) => (
            <a key={name} href={linkTo(name)} aria-current={name === page ? "page" : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <DeviceLine />
        <ThemeChoice />
      </header>
      <main id="main" tabIndex={-1}>
        {faults.length > 0 && (
          <div class="message" role="alert">
            <strong>Not all of this link was understood.</strong> The standard settings stand in.
            <ul>
              {faults.map((text) => (
                <li key={text}>{text}</li>
              ))}
            </ul>
          </div>
        )}
        {opened.value && !opened.value.ok && <NoGpuMessage state={opened.value} />}
        {fault.value && (
          <div class="message" role="alert">
            {fault.value}
          </div>
        )}
        {!pageNamed(page) ? (
          <NoSuchPage page={page} />
        ) : current?.page !== page ? (
          <p aria-busy="true">Loading the page</p>
        ) : "error" in current ? (
          <div class="message" role="alert">
            This page could not be loaded ({current.error}).{" "}
            <button type="button" onClick={() => location.reload()}>
              Try again
            </button>
          </div>
        ) : (
          <current.Component />
        )}
      </main>
      <footer>
        Everything is computed in this tab, on this device. Pictures that you drop never leave it. For
        teaching, not for diagnosis.
      </footer>
    </>
  );
}

async function show(page: string): Promise<void> {
  const found = pageNamed(page);
  if (!found) return;
  document.title = `${found.title} - wgrad`;
  try {
    const Component = await found.load();
    if (route.value.page === page) shown.value = { page, Component };
  } catch (error) {
    shown.value = { page, error: error instanceof Error ? error.message : String(error) };
  }
}

function NoSuchPage({ page }: { page: string }) {
  return (
    <>
      <h1>No such page</h1>
      <p>
        There is no page "{page}". <a href="#/">To the start</a>
      </p>
    </>
  );
}

function DeviceLine() {
  const state = opened.value;
  const run = progress.value;
  const device = !state ? "" : state.ok ? `${state.adapter.name}` : "no GPU";
  return (
    <span class="device">
      {device}
      {run && ` · step ${run.step.toLocaleString("en")}, ${run.state}`}
    </span>
  );
}

function ThemeChoice() {
  return (
    <label class="small">
      <span class="visually-hidden">Colours</span>
      <select value={theme.value} onChange={(event) => (theme.value = event.currentTarget.value as Theme)}>
        <option value="system">System colours</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}
