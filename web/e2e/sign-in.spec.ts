import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Locator } from '@playwright/test'
import jsQR from 'jsqr'
import { api, expect, fillIn, opened, prefer, signIn, t, test, totp } from './desk'
import { freePort, password, root, serve, until } from './server'

test('somebody signs in by his password, and a wrong one is said to be wrong', async ({ page, server }) => {
  await prefer(page, {})
  await page.goto(server.address)
  await expect(page).toHaveURL(/\/sign-in/)
  await expect(page.locator('input[name=username]')).toBeFocused()
  await fillIn(page, 'wang', 'not his long password')
  await expect(page.getByRole('alert')).toHaveText(t('signIn.failed'))
  await fillIn(page, 'nobody', 'not his long password')
  await expect(page.getByRole('alert')).toHaveText(t('signIn.failed'))
  await fillIn(page, 'wang')
  await expect(page).toHaveURL(/\/review/)
  await opened(page)
  await page.getByRole('button', { name: t('top.signOut') }).click()
  await expect(page).toHaveURL(/\/sign-in/)
  await expect(page.locator('input[name=username]')).toBeFocused()
  expect(await page.evaluate(() => fetch('/v1/suspects').then((r) => r.status))).toBe(401)
})

test('who sets up an authenticator is asked for its code from then on', async ({ page, server }) => {
  await prefer(page, {})
  await signIn(page, server, 'wang', '/account')
  const form = page.locator('form').filter({ hasText: t('ac.totp') })
  await form.getByLabel(t('ac.current')).fill(password)
  await form.getByRole('button', { name: t('ac.setUp') }).click()
  const secret = (await form.locator('code').textContent())!
  await form.getByLabel(t('ac.code')).fill(totp(secret))
  await form.getByRole('button', { name: t('ac.confirm') }).click()

  // A code is taken once, so each sign-in from here takes the next one's: a clock may be half a minute wrong.
  await expect(page).toHaveURL(/\/sign-in/)
  await fillIn(page, 'wang')
  await expect(page.getByRole('alert')).toHaveText(t('signIn.codeMissing'))
  const next = totp(secret, 1)
  await fillIn(page, 'wang', password, next === '000000' ? '111111' : '000000')
  await expect(page.getByRole('alert')).toHaveText(t('signIn.failed'))
  await fillIn(page, 'wang', password, totp(secret, 1))
  await opened(page)

  await page.getByRole('button', { name: t('top.signOut') }).click()
  await fillIn(page, 'wang')
  await expect(page.getByRole('alert')).toHaveText(t('signIn.codeMissing'))
  await fillIn(page, 'wang', password, totp(secret, 1))
  await expect(page.getByRole('alert')).toHaveText(t('signIn.failed'))
})

// What a QR code says that is drawn as squares, read as a camera's picture of it.
async function read(code: Locator): Promise<string> {
  const path = (await code.locator('path').getAttribute('d'))!
  const size = Number((await code.getAttribute('viewBox'))!.split(' ')[2])
  const scale = 6
  const side = size * scale
  const picture = new Uint8ClampedArray(side * side * 4).fill(255)
  for (const [, x, y] of path.matchAll(/M(\d+) (\d+)h1v1h-1z/g))
    for (let i = 0; i < scale; i++) for (let j = 0; j < scale; j++) picture.fill(0, ((Number(y) * scale + i) * side + Number(x) * scale + j) * 4, ((Number(y) * scale + i) * side + Number(x) * scale + j) * 4 + 3)
  return jsQR(picture, side, side)!.data
}

test('an authenticator that scans the code on the page signs its owner in', async ({ page, server }) => {
  await prefer(page, {})
  await signIn(page, server, 'li', '/account')
  const form = page.locator('form').filter({ hasText: t('ac.totp') })
  await form.getByLabel(t('ac.current')).fill(password)
  await form.getByRole('button', { name: t('ac.setUp') }).click()
  const code = page.getByRole('img', { name: t('ac.qr') })
  await expect(code).toBeVisible()
  const uri = new URL(await read(code))
  expect(`${uri.protocol}//${uri.host}`).toBe('otpauth://totp')
  expect(decodeURIComponent(uri.pathname)).toContain('li')
  const secret = uri.searchParams.get('secret')!
  expect((await form.locator('code').textContent())!.replace(/\s/g, '')).toBe(secret)
  expect([uri.searchParams.get('digits') ?? '6', uri.searchParams.get('period') ?? '30', uri.searchParams.get('algorithm') ?? 'SHA1']).toEqual(['6', '30', 'SHA1'])
  await form.getByLabel(t('ac.code')).fill(totp(secret))
  await form.getByRole('button', { name: t('ac.confirm') }).click()
  await expect(page).toHaveURL(/\/sign-in/)
  await fillIn(page, 'li')
  await fillIn(page, 'li', password, totp(secret, 1))
  await expect(page).not.toHaveURL(/\/sign-in/)
  expect((await (await api(server, 'boss')).get('/v1/users')).users.find((u: { name: string }) => u.name === 'users/li').totp).toBe(true)
})

test('who has a company account signs in at its provider', async ({ page }) => {
  test.setTimeout(180_000) // the provider may have to be built first
  const work = mkdtempSync(join(tmpdir(), 'refrain-provider-'))
  const program = process.env.PROVIDER ?? join(work, 'provider')
  if (!process.env.PROVIDER) execFileSync('go', ['build', '-o', program, './internal/testcall/exampleprovider'], { cwd: root, env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false' } })
  const listen = `127.0.0.1:${await freePort()}`
  writeFileSync(join(work, 'secret'), 's3cret\n', { mode: 0o600 })
  const config = `sign_in:
  oidc: {issuer: "http://${listen}", client_id: refrain, client_secret_file: "${join(work, 'secret')}", role_claim: custom_claim, name_claim: preferred_username, scopes: [profile, custom_scope], roles: {client: supervisor}}
`
  const server = await serve({ config })
  const provider = spawn(program, ['-listen', listen, '-secret', 's3cret', '-redirect', `${server.address}/v1/sessions/oidc/callback`], { stdio: 'ignore' })
  try {
    await until('the provider', () => fetch(`http://${listen}/.well-known/openid-configuration`).then((r) => r.ok, () => false), () => provider.exitCode !== null && 'it ended')
    await prefer(page, {})
    await page.goto(server.address)
    await page.getByRole('link', { name: t('signIn.provider') }).click()
    await expect(page).toHaveURL(new RegExp(`^http://${listen}/`))
    await page.getByLabel('Username').fill('test-user@127.0.0.1')
    await page.getByLabel('Password').fill('wrong')
    await page.getByRole('button', { name: 'Login' }).click()
    await expect(page).toHaveURL(new RegExp(`^http://${listen}/`))
    await page.getByLabel('Username').fill('test-user@127.0.0.1')
    await page.getByLabel('Password').fill('verysecure')
    await page.getByRole('button', { name: 'Login' }).click()
    await opened(page)
    await page.goto(`${server.address}/account`)
    await expect(page.getByRole('main')).toContainText('test-user@127.0.0.1')
    await expect(page.getByRole('main')).toContainText(t('role.ROLE_SUPERVISOR'))
    await page.goto(`${server.address}/overview`)
    await expect(page.getByRole('heading', { name: t('ov.title') })).toBeVisible()
    await page.getByRole('button', { name: t('top.signOut') }).click()
    await expect(page).toHaveURL(/\/sign-in/)
    expect(await page.evaluate(() => fetch('/v1/sessions/current').then((r) => r.status))).toBe(401)
  } finally {
    provider.kill()
    await server.stop()
    rmSync(work, { recursive: true, force: true })
  }
})
