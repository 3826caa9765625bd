import { api, expect, nothing, opened, passes, prefer, signIn, suspect, t, test } from './desk'
import { numberOf, refusals } from './server'

test('a reviewer judges everything by keyboard, two keys each at most, and the gate refuses the number', async ({ page, server }) => {
  await page.addInitScript(() => {
    const counted = window as unknown as { pressed: number }
    counted.pressed = 0
    addEventListener('keydown', () => counted.pressed++, true)
  })
  expect(server.refrain(['check', '13800138011'])).toContain('may be called')
  await signIn(page, server, 'wang')
  const admin = await api(server, 'boss')
  const all: string[] = (await admin.get('/v1/suspects?pageSize=100')).suspects.map((s: any) => s.name)
  const pressed = () => page.evaluate(() => (window as unknown as { pressed: number }).pressed)
  const seen: string[] = []
  while (seen.length < all.length) {
    const at = await opened(page)
    const before = await pressed()
    expect(seen).not.toContain(at)
    seen.push(at)
    if (seen.length % 2 === 0) await page.keyboard.press('4')
    await page.keyboard.press('Enter')
    await passes(page, at)
    expect((await pressed()) - before).toBeLessThanOrEqual(2)
  }
  await expect(nothing(page)).toContainText(t('rv.empty'))
  expect(seen.toSorted()).toEqual(all.toSorted())
  await expect.poll(async () => (await admin.get('/v1/suspects?state=STATE_CONFIRMED&pageSize=100')).suspects.length).toBe(all.length)
  expect((await admin.get(`/v1/${seen[1]}`)).suspect.decision.class).toBe('stop_calling')
  expect(server.refrain(['check', '13800138011'])).toContain('may not be called')
})

test.describe('blind', () => {
  test.use({ env: { REFRAIN_REVIEW_BLIND_SHARE: '1' } })
  test('a blind suspect shows nothing that was found, and takes a class and Enter', async ({ page, server }) => {
    const admin = await api(server, 'boss')
    for (const s of (await admin.get('/v1/suspects?pageSize=100')).suspects) await admin.post(`/v1/${s.name}:decide`, { verdict: 'VERDICT_DISMISSED' })
    await server.send('05-interested.wav', { call_id: 'blind', number: '13700137000', customer_channel: 'right' })
    await server.heard()
    await prefer(page, {})
    await signIn(page, server, 'wang')
    const at = await opened(page)
    await expect(page.getByText(t('rv.blind'))).toBeVisible()
    await expect(page.locator('.hits')).toHaveCount(0)
    await page.keyboard.press('Enter')
    await expect(page.getByText(t('rv.chooseClass'))).toBeVisible()
    await page.keyboard.press('1')
    await page.keyboard.press('Enter')
    await passes(page, at)
    await expect.poll(async () => (await admin.get(`/v1/${at}`)).suspect.state).toBe('STATE_CONFIRMED')
  })
})

test('marks, class, period and comment of a decision are kept', async ({ page, server }) => {
  await prefer(page, {})
  await signIn(page, server, 'wang')
  const at = await opened(page)
  const boss = await api(server, 'boss')
  const hits = page.locator('.hits > li')
  await hits.nth(0).getByRole('button', { name: t('rv.hitRight') }).click()
  await hits.nth(1).getByRole('button', { name: t('rv.hitWrong') }).click()
  await page.keyboard.press('3')
  await expect(page.getByRole('radio', { name: t('class.no_need') })).toBeChecked()
  const period = page.getByLabel(t('rv.keepPeriod'))
  for (const wrong of ['3o', '0.5', '3651']) {
    await period.fill(wrong)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Enter')
    await expect(page.locator('.verdict').getByRole('alert')).toHaveText(t('rv.badDays', 'zh', { n: '3,650' }))
  }
  expect((await boss.get(`/v1/${at}`)).suspect.decision).toBeNull()
  await period.fill('30')
  await expect(page.locator('.verdict').getByRole('alert')).toHaveCount(0)
  await page.keyboard.press('Escape')
  await page.keyboard.press('c')
  await page.keyboard.type('x n u: said it twice')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Enter')
  await passes(page, at)
  await expect.poll(async () => (await boss.get(`/v1/${at}`)).suspect.state).toBe('STATE_CONFIRMED')
  const { suspect: s } = await boss.get(`/v1/${at}`)
  expect(s.decision).toMatchObject({ class: 'no_need', note: 'x n u: said it twice', reviewer: 'wang', hits: [{ hit: 0, correct: true }, { hit: 1, correct: false }] })
  const days = (Date.parse(s.frozen.endTime) - Date.now()) / 86_400_000
  expect(Math.round(days)).toBe(30)

  // The next one is as if nothing had been chosen.
  await opened(page)
  await expect(page.getByLabel(t('rv.comment'), { exact: true })).toHaveValue('')
  expect(await page.locator('input#days').evaluateAll((all) => all.map((x) => (x as HTMLInputElement).value).join(''))).toBe('')

  // What was marked stands there, and can't be changed.
  await page.goto(`${server.address}/review/${at.split('/')[1]}`)
  await expect(hits.nth(0).getByRole('button', { name: t('rv.hitRight') })).toHaveAttribute('aria-pressed', 'true')
  await expect(hits.nth(1).getByRole('button', { name: t('rv.hitWrong') })).toHaveAttribute('aria-pressed', 'true')
  await expect(hits.nth(1).getByRole('button', { name: t('rv.hitRight') })).toBeDisabled()
})

test('what was dismissed freezes nothing, and undo takes the last decision back', async ({ page, server }) => {
  await prefer(page, {})
  await signIn(page, server, 'wang')
  const boss = await api(server, 'boss')
  const state = async (name: string) => (await boss.get(`/v1/${name}`)).suspect.state
  const gate = async (name: string) => server.refrain(['check', numberOf((await boss.get(`/v1/${name}`)).suspect.callId)])
  const first = await opened(page)
  await page.keyboard.press('x')
  await passes(page, first)
  await expect.poll(() => state(first)).toBe('STATE_DISMISSED')
  expect(await gate(first)).toContain('may be called')
  const second = await opened(page)
  await page.keyboard.press('Enter')
  await passes(page, second)
  await expect.poll(() => state(second)).toBe('STATE_CONFIRMED')
  expect(await gate(second)).toContain('may not be called')
  await page.keyboard.press('u')
  await expect(suspect(page)).toHaveAttribute('data-name', second)
  await expect(page.getByText(t('rv.undoneConfirmed').split('（')[0])).toBeVisible()
  expect(await gate(second)).toContain('may be called')
  await page.keyboard.press('u')
  await expect(suspect(page)).toHaveAttribute('data-name', first)
  // They are judged anew.
  await page.keyboard.press('Enter')
  await expect.poll(() => state(first)).toBe('STATE_CONFIRMED')
})

test('the dialogue follows the hits, also where it is longer than its place', async ({ page, server }) => {
  await prefer(page, {})
  await signIn(page, server, 'wang', '/suspects')
  const { suspects } = await (await api(server, 'boss')).get('/v1/suspects?pageSize=100')
  const { name } = suspects.find((s: any) => s.callId === 'sample-03')
  await page.goto(`${server.address}/${name.replace('suspects', 'review')}`)
  expect(await opened(page)).toBe(name)
  const list = page.locator('.dialogue')
  const hits = await page.locator('.hits > li').count()
  expect(hits).toBeGreaterThan(2)
  const hidden = () => list.evaluate((box) => {
    const [in_, at] = [box.getBoundingClientRect(), box.querySelector('mark.current')!.getBoundingClientRect()]
    return at.top < in_.top - 1 || at.bottom > in_.bottom + 1
  })
  await list.evaluate((box) => Object.assign(box.style, { flex: 'none', height: '90px' })) // as if more had been said
  expect(await list.evaluate((box) => box.scrollHeight > box.clientHeight * 1.5), 'it has to scroll').toBe(true)
  for (let i = 0; i < hits; i++) {
    await page.keyboard.press('ArrowRight')
    await expect.poll(hidden).toBe(false)
  }
  expect(await list.evaluate((box) => box.scrollTop)).toBeGreaterThan(0)
})

test('a comment that is sent with its decision leaves the keys to the next suspect', async ({ page, server }) => {
  await prefer(page, {})
  await signIn(page, server, 'wang')
  const first = await opened(page)
  await page.keyboard.press('c')
  await page.keyboard.type('said it twice')
  await page.keyboard.press('Control+Enter')
  await passes(page, first)
  const second = await opened(page)
  await page.keyboard.press('x')
  await passes(page, second)
  const boss = await api(server, 'boss')
  await expect.poll(async () => (await boss.get(`/v1/${second}`)).suspect.state).toBe('STATE_DISMISSED')
  expect((await boss.get(`/v1/${first}`)).suspect.decision).toMatchObject({ note: 'said it twice', verdict: 'VERDICT_CONFIRMED' })
})

test('another filter keeps the open suspect that it asks for, with what was chosen, and lets nothing hit another by mistake', async ({ page, server }) => {
  await prefer(page, {})
  await signIn(page, server, 'wang')
  const at = await opened(page)
  const boss = await api(server, 'boss')
  const { line } = (await boss.get(`/v1/${at}`)).suspect
  await page.keyboard.press('3')
  const box = page.getByRole('search').getByLabel(t('rv.line'))
  await box.fill(line)
  await box.press('Enter')
  await expect.poll(async () => (await boss.get('/v1/suspects?state=STATE_CLAIMED')).suspects.every((s: any) => s.line === line)).toBe(true)
  expect(await opened(page)).toBe(at)
  await expect(page.getByRole('radio', { name: t('class.no_need') })).toBeChecked()
  await box.fill(line === 'cards' ? 'loans' : 'cards')
  const pressed = page.evaluate((was) => new Promise<void>((done) => {
    const look = () => {
      const now = document.querySelector('[data-testid=suspect]')?.getAttribute('data-name')
      if (!now || now === was) return void requestAnimationFrame(look)
      ;(document.activeElement as HTMLElement).blur()
      dispatchEvent(new KeyboardEvent('keydown', { key: 'x' })) // the moment that it stands there
      done()
    }
    look()
  }), at)
  await box.press('Enter')
  await pressed
  const other = await opened(page)
  expect((await boss.get(`/v1/${other}`)).suspect.decision).toBeNull()
  expect((await boss.get(`/v1/${at}`)).suspect).toMatchObject({ decision: null, state: 'STATE_OPEN' })
})

test('whoever chooses a filter by the pointer goes on by keys, and whoever does so by keys goes on in the list', async ({ page, server }) => {
  await prefer(page, {})
  await signIn(page, server, 'wang')
  const order = page.getByRole('search').getByLabel(t('rv.order'))
  await opened(page)
  await order.focus()
  await order.press('ArrowDown')
  await expect(order).toHaveValue('SUSPECT_ORDER_NEWEST')
  await expect(order).toBeFocused()
  const first = await opened(page)
  await order.dispatchEvent('pointerdown')
  await order.selectOption('')
  await expect(order).not.toBeFocused()
  const at = await opened(page)
  await page.keyboard.press('x')
  await passes(page, at)
  const wang = await api(server, 'wang')
  await expect.poll(async () => (await wang.get(`/v1/${at}`)).suspect.state).toBe('STATE_DISMISSED')
  expect(at).toBe(first) // another order keeps what is open
})

test('what a reviewer is not sure of goes to a supervisor, with what he wrote', async ({ page, browser, server }) => {
  await prefer(page, {})
  await signIn(page, server, 'wang')
  const at = await opened(page)
  await page.keyboard.press('c')
  await page.keyboard.type('is that the daughter?')
  await page.keyboard.press('Escape')
  await page.keyboard.press('n')
  await passes(page, at)
  await expect(page.getByText(t('rv.passedOn'))).toBeVisible()

  const other = await browser.newPage()
  await prefer(other, {})
  await signIn(other, server, 'sun')
  await opened(other)
  await other.getByLabel(t('rv.passedOnly')).check()
  await expect(suspect(other)).toHaveAttribute('data-name', at)
  await expect(other.getByText(t('rv.passedBy', 'zh', { who: 'wang', note: 'is that the daughter?' }))).toBeVisible()
  await opened(other)
  await other.keyboard.press('Enter')
  const boss = await api(server, 'boss')
  await expect.poll(async () => (await boss.get(`/v1/${at}`)).suspect.decision?.reviewer).toBe('sun')
  await other.close()
})

test('an appeal is judged by somebody else, whose no releases the number', async ({ page, browser, server }) => {
  const boss = await api(server, 'boss')
  const wang = await api(server, 'wang')
  const all = (await boss.get('/v1/suspects?pageSize=100')).suspects
  const one = all.find((s: any) => s.callId === 'sample-01')
  const others = all.filter((s: any) => s !== one)
  for (const s of others) await boss.post(`/v1/${s.name}:decide`, { verdict: 'VERDICT_DISMISSED' })
  await wang.post(`/v1/${one.name}:decide`, { verdict: 'VERDICT_CONFIRMED' })
  expect(server.refrain(['check', '13800138011'])).toContain('may not be called')

  await prefer(page, {})
  await signIn(page, server, 'sun', `/review/${one.name.split('/')[1]}`)
  await expect(page.getByText(/^\s*wang 已于 .+ 确认：没兴趣，冻结 \d+ 天/)).toBeVisible()
  await page.getByRole('button', { name: t('rv.appeal') }).click()
  const dialog = page.getByRole('dialog', { name: t('rv.appeal') })
  await dialog.getByLabel(t('fz.why')).fill('the radio said it')
  await dialog.getByRole('button', { name: t('rv.appeal') }).click()
  await expect(page.getByText(t('rv.appealTaken'))).toBeVisible()

  // Neither who decided nor who appealed gets it.
  expect((await wang.post('/v1/suspects:claimNext')).suspect).toBeFalsy()
  expect((await (await api(server, 'sun')).post('/v1/suspects:claimNext')).suspect).toBeFalsy()
  const li = await browser.newPage()
  await prefer(li, {})
  await signIn(li, server, 'li')
  await opened(li)
  await expect(li.getByText('the radio said it')).toHaveCount(0)
  await li.keyboard.press('x')
  await expect(nothing(li)).toBeVisible()
  await expect.poll(() => server.refrain(['check', '13800138011'])).toContain('may be called')
  expect((await boss.get(`/v1/${one.name}`)).suspect.state).toBe('STATE_DISMISSED')
  await li.close()
})

test('a suspect that comes while nothing waits opens by itself', async ({ page, server }) => {
  const boss = await api(server, 'boss')
  for (const s of (await boss.get('/v1/suspects?pageSize=100')).suspects) await boss.post(`/v1/${s.name}:decide`, { verdict: 'VERDICT_DISMISSED' })
  await prefer(page, {})
  await signIn(page, server, 'wang')
  await expect(nothing(page)).toContainText(t('rv.empty'))
  await server.send(refusals[0], { call_id: 'late', number: '13700137001', customer_channel: 'right' })
  await opened(page)
  await expect(page.locator('.facts')).toContainText('late')
})
