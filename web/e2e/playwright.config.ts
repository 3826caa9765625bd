import { availableParallelism } from 'node:os'
import { defineConfig } from '@playwright/test'

// CHROMIUM names the browser, REFRAIN the program; both are what is there after `make build` on Debian.
export default defineConfig({
  testDir: '.',
  testMatch: process.env.DESK ?? '*.spec.ts', // measure.ts and shots.ts are run by themselves
  outputDir: '../test-results',
  globalSetup: './setup.ts',
  timeout: 60_000,
  expect: { timeout: 10_000 },
  workers: process.env.DESK ? 1 : Math.min(4, availableParallelism()), // each test has a server of its own; what is measured runs alone
  reporter: 'list',
  use: {
    viewport: { width: 1280, height: 800 },
    launchOptions: { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'] },
  },
})
