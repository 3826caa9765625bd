// A server of its own for a test: with the samples heard, and somebody who signs in.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')
const program = process.env.REFRAIN ?? join(root, 'bin/refrain')

const freePort = () =>
  new Promise<number>((done) => {
    const s = createServer().listen(0, '127.0.0.1', () => {
      const { port } = s.address() as { port: number }
      s.close(() => done(port))
    })
  })

export interface Server {
  address: string
  refrain: (...args: string[]) => string
  stop: () => Promise<void>
}

export const password = 'a long enough password'

export async function serve(people: Record<string, string>): Promise<Server> {
  const data = mkdtempSync(join(tmpdir(), 'refrain-e2e-'))
  const [grpc, http] = [await freePort(), await freePort()]
  const child = spawn(program, ['serve', '--data', data, '--grpc', `127.0.0.1:${grpc}`, '--http', `127.0.0.1:${http}`], {
    env: { ...process.env, REFRAIN_SPEECH_MODEL: 'demo' }, stdio: 'ignore',
  })
  const address = `http://127.0.0.1:${http}`
  const run = (input: string | undefined, args: string[]) => {
    try {
      return execFileSync(program, args, { input, encoding: 'utf8', cwd: root })
    } catch (e) {
      const { stdout, stderr } = e as { stdout: string; stderr: string }
      return stdout + stderr // such as of a number that may not be called
    }
  }
  const ready = () => fetch(`${address}/readyz`).then((r) => r.ok, () => false)
  await until(ready)
  run(undefined, ['send', '--server', `127.0.0.1:${grpc}`, '--manifest', 'samples/manifest.csv'])
  await until(async () => {
    const s = await fetch(`${address}/v1/status`).then((r) => r.json())
    return s.runningCount === '0' && s.waiting.every((w: { count: string }) => w.count === '0') && Number(s.openSuspectCount) > 0
  })
  for (const [name, role] of Object.entries(people)) run(`${password}\n`, ['user', 'add', name, '--role', role, '--data', data])
  return {
    address,
    refrain: (...args) => run(undefined, [...args, '--data', data]),
    stop: async () => {
      const over = new Promise((r) => child.once('exit', r))
      child.kill()
      await over
      rmSync(data, { recursive: true, force: true })
    },
  }
}

async function until(good: () => Promise<boolean>) {
  const end = Date.now() + 60_000
  while (!(await good())) {
    if (Date.now() > end) throw new Error('the server is not ready after a minute')
    await new Promise((r) => setTimeout(r, 200))
  }
}
