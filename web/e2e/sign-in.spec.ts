import { expect, fillIn, opened, prefer, signIn, t, test, totp } from './desk'
import { password } from './server'

test('somebody signs in by his password, and a wrong one is said to be wrong', async ({ page, server }) => {
  await prefer(page, {})
  await page.goto(server.address)
  await expect(page).toHaveURL(/\/sign-in/)
  await fillIn(page, 'wang', 'not his long password')
  await expect(page.getByRole('alert')).toHaveText(t('signIn.failed'))
  await fillIn(page, 'nobody', 'not his long password')
  await expect(page.getByRole('alert')).toHaveText(t('signIn.failed'))
  await fillIn(page, 'wang')
  await expect(page).toHaveURL(/\/review/)
  await opened(page)
  await page.getByRole('button', { name: t('top.signOut') }).click()
  await expect(page).toHaveURL(/\/sign-in/)
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
