// Hears the samples once, for all servers of the run.
import { rmSync } from 'node:fs'
import { hear } from './server'

export default async function setup() {
  const data = await hear()
  process.env.E2E_HEARD = data
  return () => rmSync(data, { recursive: true, force: true })
}
