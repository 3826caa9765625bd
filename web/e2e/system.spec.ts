import { existsSync, readdirSync, renameSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { api, expect, prefer, signIn, t, test } from './desk'
import { numberOf, refusals, until } from './server'

const files = (folder: string): string[] => readdirSync(folder, { withFileTypes: true, recursive: true }).filter((f) => f.isFile()).map((f) => join(f.parentPath, f.name))

test('what was parked says why, and is heard once its cause is mended and somebody retries it', async ({ page, server }) => {
  test.setTimeout(120_000)
  // It comes while nothing can be heard, by a speech server that never answers, and its file is gone by the time that it could be.
  const boss = await api(server, 'boss')
  const silent = createServer(() => undefined).listen(0, '127.0.0.1')
  await new Promise((r) => silent.once('listening', r))
  await server.kill()
  await server.start({ REFRAIN_SPEECH_ENGINE: 'http', REFRAIN_SPEECH_MODEL: '', REFRAIN_SPEECH_HTTP_MODEL: 'none', REFRAIN_SPEECH_HTTP_ADDRESS: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/v1`, REFRAIN_SPEECH_HTTP_RETRIES: '0' })
  const before = new Set(files(join(server.data, 'audio')))
  await server.send(refusals[0], { customer_channel: 'right', call_id: 'more-55', number: numberOf('more-55'), agent: 'agent-7', line: 'cards' })
  await server.kill('SIGKILL') // it would wait for what is being heard
  silent.closeAllConnections()
  silent.close()
  const [audio] = files(join(server.data, 'audio')).filter((f) => !before.has(f))
  expect(audio).toBeTruthy()
  renameSync(audio, `${audio}.away`)
  await server.start()
  const state = async () => (await boss.get('/v1/recordings?callId=more-55')).recordings[0].state
  await until('the recording to be parked', async () => (await state()) === 'STATE_PARKED')

  await prefer(page, {})
  await signIn(page, server, 'wang', '/system')
  const row = page.locator('tbody tr').filter({ hasText: 'more-55' })
  await expect(row).toContainText('AUDIO_UNREADABLE')
  await expect(row.getByRole('button', { name: t('sys.retry') })).toHaveCount(0) // which is a supervisor's
  await page.getByRole('button', { name: t('top.signOut') }).click()
  await signIn(page, server, 'sun', '/system')
  await expect(row).toContainText('AUDIO_UNREADABLE')
  renameSync(`${audio}.away`, audio)
  expect(existsSync(audio)).toBe(true)
  await row.getByRole('button', { name: t('sys.retry') }).click()
  await expect(row).toHaveCount(0)
  await server.heard()
  expect(await state()).toBe('STATE_DONE')
  await expect(page.getByText(t('sys.none'))).toBeVisible()
})
