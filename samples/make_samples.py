#!/usr/bin/env python3
"""usage: make_samples.py TTS_DIR    (made by voices/get.sh; run with the Python it makes)

Makes the sample calls, manifest.csv and texts.tsv in this folder. Kokoro speaks; the telephone
lines (band, codec, noise, ringing, echo) are made here, so equal versions give equal files.
"""
import csv, os, random, sys
import numpy as np
from scipy.signal import fftconvolve, resample_poly

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, 'voices'), os.path.join(HERE, '..', 'models', 'training')]
sys.dont_write_bytecode = True
from sound import ALAW, MULAW, PCM, SR, band, noise, tone, write_wav
from say import Speaker

RATE, SPOKEN = 8000, 24000
A, C = 'agent', 'customer'

# Each call: name, format tag, side of the customer, voices, seconds of ringing before the answer,
# noise in dB below full scale (agent, customer), what a reviewer should find (class, or '' where the
# customer does not refuse), what is said. A number is a pause in seconds instead of the usual
# one between turns; a negative one lets the next speaker cut in. echo: how loud, in dB, the customer's
# telephone, on loudspeaker, gives back the agent.
CALLS = [
    dict(name='not-interested', tag=ALAW, customer='right', ring=7.0, noise=(-56, -48), expect='not_interested',
         voices={A: 'zf_xiaoxiao', C: 'zm_yunxi'}, says=[
             (C, '喂，你好。'), (A, '您好，我是康宁保险的客服，今天给您打电话，是想介绍一下我们新推出的养老保险。'), -0.4,
             (C, '不好意思啊，我没兴趣。'), (A, '您可以先了解一下，不买也没关系的。'),
             (C, '真的不用了，我对保险不感兴趣，谢谢。'), (A, '好的，那不打扰您了，再见。'), (C, '再见。')]),
    dict(name='not-listening', tag=MULAW, customer='right', ring=0, noise=(-54, -50), expect='dont_want_to_listen',
         voices={A: 'zm_yunyang', C: 'zf_xiaobei'}, says=[
             (C, '喂，哪位？'), (A, '您好，这里是启航教育，我们这个月有一个少儿编程的体验活动。'),
             (C, '我不想听这些。'), (A, '您听我说完好吗，只要两分钟。'), -0.3,
             (C, '别说了，我说了不想听，我这边正做饭呢。'), (A, '好的，不好意思，打扰了。')]),
    dict(name='stop-calling', tag=PCM, customer='right', ring=0, noise=(-58, -46), expect='stop_calling',
         voices={A: 'zf_xiaoyi', C: 'zm_yunjian'}, says=[
             (C, '喂。'), (A, '您好，这里是融汇信贷，请问您最近有资金方面的需求吗？'), (C, '怎么又是你们，昨天不是刚打过吗？'),
             (A, '打扰您一下，我们这边利息很低的。'), (C, '我跟你说，以后不要再给我打电话了。'), (A, '那您再考虑一下。'), -0.3,
             (C, '不用考虑，别再打了。'), (A, '好的。')]),
    dict(name='complaint', tag=ALAW, customer='left', ring=0, noise=(-52, -52), expect='complaint',
         voices={A: 'zm_yunxia', C: 'zf_xiaoni'}, says=[
             (C, '喂，你好。'), (A, '您好，我是阳光装饰的，听说您家最近收房了？'),
             (C, '你们一天打三个电话，烦不烦啊？我的号码是从哪里来的？'), (A, '不好意思，我们是系统随机拨打的。'),
             (C, '你工号是多少？再打我就投诉你们。'), (A, '先生您先别生气。'), (C, '我说到做到，我会打电话去投诉的。')]),
    dict(name='interested', tag=PCM, customer='right', ring=0, noise=(-60, -50), expect='',
         voices={A: 'zf_xiaoxiao', C: 'zm_yunyang'}, says=[
             (C, '你好。'), (A, '您好，我们推出了成人英语课，请问您有兴趣了解一下吗？'), (C, '可以啊，一个月多少钱？'),
             (A, '每个月只要三百块，一周上两次课。'), (C, '那可以先试听吗？'), (A, '可以的，试听是完全免费的。'),
             (C, '那挺好的，你加我微信吧，就是这个手机号。'), (A, '好的，马上加您，再见。')]),
    dict(name='busy', tag=MULAW, customer='left', ring=0, noise=(-54, -48), expect='',
         voices={A: 'zf_xiaobei', C: 'zm_yunxia'}, says=[
             (C, '喂，哪位？'), (A, '您好，我是速联宽带的客服，您家的宽带下个月就到期了。'), (C, '我正在开会。'), (A, '耽误您两分钟时间。'),
             (C, '现在不方便，你晚点再打给我吧，下午五点以后。'), (A, '好的，那我下午再给您打电话。')]),
    dict(name='silent', tag=ALAW, customer='right', ring=0, noise=(-54, -46), expect='',
         voices={A: 'zm_yunxi', C: 'zf_xiaoni'}, says=[
             1.5, (A, '您好，请问是李先生吗？'), 2.5, (A, '喂，听得到吗？'), 3.0, (A, '您好，这里是信用卡中心，您要是不需要的话我就先挂了。'),
             2.5, (A, '好的，那不打扰您了。'), 1.0]),
    dict(name='not-uninterested', tag=MULAW, customer='right', ring=0, noise=(-57, -50), expect='',
         voices={A: 'zf_xiaoyi', C: 'zm_yunjian'}, says=[
             (C, '喂，你好。'), (A, '您好，上次跟您介绍的理财产品，您是没兴趣还是没时间看呢？'), (C, '我不是没兴趣，就是最近太忙了。'),
             (A, '那您看周五有时间吗？'), (C, '周五可以，你下午打给我就行。'), (A, '好的，再见。')]),
    dict(name='announcement', tag=ALAW, customer='right', ring=6.0, noise=(-58, -60), expect='',
         voices={A: 'zm_yunyang', C: 'zf_xiaoxiao'}, says=[
             (C, '您好，您拨打的用户暂时无法接听，请您稍后再拨。'), 1.0, (C, '您拨打的电话暂时无人接听，请稍后再拨。'), 1.0]),
    dict(name='loudspeaker', tag=PCM, customer='right', ring=0, noise=(-58, -52), expect='', echo=-22,
         voices={A: 'zf_xiaoni', C: 'zm_yunxi'}, says=[
             (C, '喂，您说。'), (A, '您好，我们商场周年庆，会员可以领一份礼品，如果您没兴趣，我以后就不再打扰您了。'),
             (C, '有啊，是什么礼品？'), (A, '是一套餐具，不需要您花钱。'), (C, '那行，我周末过去拿。'), (A, '好的，那周末见。')]),
]


def speak(speaker, text, voice):
    """one sentence at RATE, its loudest sample at 1"""
    x = speaker.say(text, voice, 1.1)
    x = resample_poly(x, 1, SPOKEN // RATE)
    loud = np.flatnonzero(np.abs(x) > .01 * np.abs(x).max())
    x = x[loud[0]:loud[-1] + 1]
    return x / np.abs(x).max()


def line_noise(r, n, db):
    x = resample_poly(noise(r, n * SR // RATE + 4), 1, SR // RATE)[:n]
    return x / x.std() * 10 ** (db / 20)


def ringing(seconds):
    """what a Chinese caller hears before the answer: 450 Hz, 1 s on, 4 s off"""
    n = int(seconds * SR)
    x = tone(450, n, .15) * ((np.arange(n) / SR) % 5 < 1)
    return resample_poly(x, 1, SR // RATE)


def room(r):
    """how a small room gives a loudspeaker's sound back to the microphone beside it"""
    n = int(.12 * RATE)
    taps = np.random.default_rng(r.randrange(1 << 30)).standard_normal(n) * np.exp(-np.arange(n) / (.03 * RATE))
    taps[:int(.02 * RATE)] = 0  # the way through the line, the telephone and the air
    return taps / np.sqrt((taps ** 2).sum())


def lay_out(r, call, sound):
    """-> [(side, start, sound, text)], length in seconds"""
    placed, t, last, pause = [], call['ring'] + .6, None, None
    for item in call['says']:
        if not isinstance(item, tuple):
            pause = item
            continue
        side, text = item
        if pause is not None:
            t += pause
        elif last:
            t += r.uniform(.4, .8) if side != last else r.uniform(.8, 1.2)
        x = sound(side, text)
        placed.append((side, t, x, text))
        t, last, pause = t + len(x) / RATE, side, None
    return placed, t + (pause or 0) + r.uniform(.8, 1.4)


def tracks_of(r, call, placed, n):
    tracks = {}
    for side in (A, C):
        x = np.zeros(n)
        for who, start, s, _ in placed:
            if who == side:
                a = int(start * RATE)
                x[a:a + len(s)] += s * 10 ** (-r.uniform(6, 10) / 20)
        tracks[side] = x
    if call['ring']:
        tracks[C][:int(call['ring'] * RATE)] += ringing(call['ring'])
    if 'echo' in call:
        tracks[C] += fftconvolve(tracks[A], room(r))[:n] * 10 ** (call['echo'] / 20)
    return {side: np.clip(band(r, tracks[side] + line_noise(r, n, db)), -1, 1)
            for side, db in zip((A, C), call['noise'])}


def make(call, number, speaker):
    """writes a call's file; -> its row of the manifest, its rows of the texts"""
    r = random.Random(2000 + number)
    placed, seconds = lay_out(r, call, lambda side, text: speak(speaker, text, call['voices'][side]))
    tracks = tracks_of(r, call, placed, int(seconds * RATE))
    left, right = (C, A) if call['customer'] == 'left' else (A, C)
    name = '%02d-%s.wav' % (number, call['name'])
    write_wav(os.path.join(HERE, name), [tracks[left], tracks[right]], call['tag'], RATE)
    call_id = 'sample-%02d' % number
    manifest = [name, call_id, '', '+861380013%04d' % (8010 + number), 'agent-%d' % (1 + number % 3), call['customer'],
                '%.1f' % call['ring'] if call['ring'] else '', '']
    suspect = 'yes' if call['expect'] else 'no'
    return manifest, [[call_id, suspect, call['expect'], side, '%.2f' % start, '%.2f' % (start + len(s) / RATE), text]
                      for side, start, s, text in placed]


def write_table(name, delimiter, header, rows):
    with open(os.path.join(HERE, name), 'w', encoding='utf8', newline='') as f:
        w = csv.writer(f, delimiter=delimiter, lineterminator='\n')
        w.writerow(header)
        w.writerows(rows)


def main():
    speaker = Speaker(sys.argv[1])
    made = [make(c, i + 1, speaker) for i, c in enumerate(CALLS)]
    write_table('manifest.csv', ',', ['file', 'call_id', 'part', 'number', 'agent', 'customer_channel', 'answer_offset', 'started_at'],
                [m for m, _ in made])
    write_table('texts.tsv', '\t', ['call_id', 'suspect', 'class', 'side', 'start', 'end', 'text'], [t for _, ts in made for t in ts])


if __name__ == '__main__':
    main()
