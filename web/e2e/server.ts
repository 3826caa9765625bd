// Servers for the tests: each file's is its own, begun from one data directory in which the samples were heard.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')
const program = process.env.REFRAIN ?? join(root, 'bin/refrain')

export const freePort = () =>
  new Promise<number>((done) => {
    const s = createServer().listen(0, '127.0.0.1', () => {
      const { port } = s.address() as { port: number }
      s.close(() => done(port))
    })
  })

export interface Server {
  address: string
  data: string
  refrain: (args: string[], input?: string) => string
  // Sends a sample as another call, by a recorder's key.
  send: (sample: string, call: Record<string, string>) => Promise<void>
  // Until all recordings are heard.
  heard: () => Promise<void>
  // Ends the process and starts it again, at the same addresses, with more settings.
  kill: (signal?: NodeJS.Signals) => Promise<void>
  start: (more?: Record<string, string>) => Promise<void>
  stop: () => Promise<void>
}

export const password = 'a long enough password'
export const people = { boss: 'admin', sun: 'supervisor', zhao: 'supervisor', wang: 'reviewer', li: 'reviewer', 'agent-7': 'agent' }

// Chance has no part in tests: neither blind samples nor second looks, unless a test asks for them.
const plain = { REFRAIN_SPEECH_MODEL: 'demo', REFRAIN_REVIEW_BLIND_SHARE: '0', REFRAIN_REVIEW_SECOND_SHARE: '0', REFRAIN_DISK_BALLAST_MIB: '0' }

// hear makes the data directory that all begin from, and says where it is.
export async function hear(): Promise<string> {
  const data = mkdtempSync(join(tmpdir(), 'refrain-heard-'))
  const s = await begin(data, {})
  try {
    await fill(s)
  } finally {
    await s.kill()
  }
  return data
}

async function fill(s: Server) {
  for (const [name, role] of Object.entries({ pbx: 'recorder', gate: 'dialler' })) writeFileSync(join(s.data, `${name}.key`), s.refrain(['key', 'add', name, '--role', role]), { mode: 0o600 })
  for (const [name, role] of Object.entries(people)) s.refrain(['user', 'add', name, '--role', role], `${password}\n`)
  for (const line of readFileSync(join(root, 'samples/manifest.csv'), 'utf8').trim().split('\n').slice(1)) {
    const [file, call_id, , number, agent, customer_channel, offset] = line.split(',')
    await s.send(file, { call_id, number, agent, customer_channel, line: 'loans', ...(offset && { answer_offset: offset }) })
  }
  // More refusals than the samples have: enough for two to judge at once.
  for (let i = 0; i < 6; i++) await s.send(refusals[i % refusals.length], { customer_channel: 'right', call_id: `more-${i}`, number: numberOf(`more-${i}`), agent: 'agent-7', line: 'cards' })
  await s.heard()
}

// Whom a call was to, by its id: the server masks numbers.
export const numberOf = (call: string) => (call.startsWith('sample-') ? 13800138010 + Number(call.slice(7)) : 13900139000 + Number(call.slice(5))).toString()

// Samples in which the demo model hears a refusal; the customer is on the right.
export const refusals = ['01-not-interested.wav', '03-stop-calling.wav']

// Among env, config is the text of a configuration file.
export async function serve(env: Record<string, string> = {}, from = process.env.E2E_HEARD!): Promise<Server> {
  const data = mkdtempSync(join(tmpdir(), 'refrain-e2e-'))
  cpSync(from, data, { recursive: true, preserveTimestamps: true })
  return begin(data, env)
}

export async function begin(data: string, env: Record<string, string>): Promise<Server> {
  const [grpc, http] = [await freePort(), await freePort()]
  const address = `http://127.0.0.1:${http}`
  let child: ChildProcess
  const key = (name: string) => readFileSync(join(data, `${name}.key`), 'utf8').trim()
  const s: Server = {
    address,
    data,
    refrain: (args, input) => {
      const own = /^(user|key|audit)$/.test(args[0]) ? ['--data', data] : ['--server', `127.0.0.1:${grpc}`, '--key', key('gate')]
      try {
        return execFileSync(program, [...args, ...own], { input, encoding: 'utf8', cwd: root, stdio: 'pipe' })
      } catch (e) {
        const { stdout, stderr } = e as { stdout: string; stderr: string }
        return stdout + stderr // such as of a number that may not be called
      }
    },
    send: async (sample, call) => {
      const r = await fetch(`${address}/v1/recordings?${new URLSearchParams(call)}`, { method: 'POST', body: readFileSync(join(root, 'samples', sample)), headers: { Authorization: `Bearer ${key('pbx')}` } })
      if (!r.ok) throw new Error(`${sample}: ${await r.text()}`)
    },
    heard: () =>
      until('the recordings to be heard', async () => {
        const status = await fetch(`${address}/v1/status`, { headers: { Authorization: `Bearer ${key('pbx')}` } }).then((r) => r.json())
        return status.runningCount === '0' && status.waiting.every((w: { count: string }) => w.count === '0')
      }),
    kill: async (signal) => {
      if (child.exitCode !== null) return
      const over = new Promise((r) => child.once('exit', r))
      child.kill(signal)
      await over
    },
    start: async (more = {}) => {
      const { config, ...rest } = { ...env, ...more }
      if (config) writeFileSync(join(data, 'refrain.yaml'), config)
      child = spawn(program, ['serve', ...(config ? ['--config', join(data, 'refrain.yaml')] : []), '--data', data, '--grpc', `127.0.0.1:${grpc}`, '--http', `127.0.0.1:${http}`], { env: { ...process.env, ...plain, ...rest }, stdio: ['ignore', 'ignore', 'pipe'] })
      let said = ''
      child.stderr!.on('data', (d) => (said = (said + d).slice(-2000)))
      await until('the server to start', () => fetch(`${address}/readyz`).then((r) => r.ok, () => false), () => child.exitCode !== null && `it ended: ${said}`)
    },
    stop: async () => {
      await s.kill()
      rmSync(data, { recursive: true, force: true })
    },
  }
  await s.start()
  return s
}

export async function until(what: string, good: () => Promise<boolean>, hopeless: () => string | false = () => false) {
  const end = Date.now() + 90_000
  while (!(await good())) {
    const why = hopeless() || (Date.now() > end && 'nothing of it after 90 s')
    if (why) throw new Error(`waiting for ${what}: ${why}`)
    await new Promise((r) => setTimeout(r, 100))
  }
}
