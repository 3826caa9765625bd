#!/usr/bin/python3
"""Makes the calls, manifest.csv and texts.tsv in this folder.

Needs Debian's espeak-ng, python3-numpy and python3-scipy. Voices are espeak-ng's, lines
are made here (band, noise, codec), so equal versions give equal files, byte by byte.
"""
import csv, os, random, sys
import numpy as np
from scipy.signal import resample_poly

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', '..', '..', 'models', 'training'))
sys.dont_write_bytecode = True
from pinyin import Pinyin
from sound import ALAW, MULAW, PCM, SR, Espeak, band, noise, respeed, strip, tone, write_wav

RATE = 8000
A, C = 'agent', 'customer'

# Each call: name, format tag, side of the customer, voices (variant, words a minute, pitch,
# range), seconds of ringing before the answer, noise in dB below full scale, what a
# reviewer should find (class, or '' where the customer does not refuse), what is said.
# A number is a pause in seconds, instead of the usual one between turns.
CALLS = [
    dict(name='not-interested', tag=ALAW, customer='right', ring=7.0, noise=(-52, -44), expect='not_interested',
         voices={A: ('f2', 170, 55, 55), C: ('m4', 165, 45, 50)}, says=[
             (C, '喂，你好。'), (A, '您好，我是保险公司的客服。'), (A, '给您介绍一下我们的养老保险。'),
             (C, '不好意思，我没兴趣。'), (A, '您可以先了解一下。'), (C, '我真的不感兴趣。'),
             (A, '好的那不打扰您了。'), (C, '再见。')]),
    dict(name='not-listening', tag=MULAW, customer='right', ring=0, noise=(-50, -46), expect='dont_want_to_listen',
         voices={A: ('m7', 175, 50, 55), C: ('f3', 165, 55, 50)}, says=[
             (C, '喂，哪位？'), (A, '您好，这里是培训中心。'), (A, '我们最近有个活动。'), (C, '我不想听。'),
             (A, '您听我说完好吗？'), (C, '别说了，我不想听。'), (A, '好的，不好意思，打扰了。')]),
    dict(name='stop-calling', tag=PCM, customer='right', ring=0, noise=(-54, -42), expect='stop_calling',
         voices={A: ('f5', 180, 60, 60), C: ('m3', 160, 40, 50)}, says=[
             (C, '喂。'), (A, '您好，这里是银行信贷部。'), (A, '请问您需要贷款吗？'), (C, '怎么又打来了？'),
             (A, '打扰您一下。'), (C, '我都说了不要再打了。'), (A, '那您考虑一下。'), (C, '请你们以后不要再打了。'), (A, '好的。')]),
    dict(name='complaint', tag=ALAW, customer='left', ring=0, noise=(-48, -50), expect='complaint',
         voices={A: ('m5', 170, 45, 50), C: ('f4', 170, 60, 60)}, says=[
             (C, '喂，你好。'), (A, '您好，我是阳光贷款的客服。'), (C, '一天打三个电话烦不烦啊？'),
             (A, '不好意思，打扰了。'), (C, '你工号多少我要投诉。'), (A, '先生您先别挂。'), (C, '再打我就投诉你。')]),
    dict(name='interested', tag=PCM, customer='right', ring=0, noise=(-56, -48), expect='',
         voices={A: ('f1', 170, 55, 55), C: ('m2', 165, 50, 50)}, says=[
             (C, '你好。'), (A, '您好，我们推出了英语课。'), (C, '一个月多少钱？'), (A, '每个月只要三百块。'),
             (C, '可以试听吗？'), (A, '完全免费的。'), (C, '那挺好的，你加我微信吧。'), (A, '好的，再见。')]),
    dict(name='busy', tag=MULAW, customer='left', ring=0, noise=(-50, -44), expect='',
         voices={A: ('f2', 175, 50, 55), C: ('m8', 165, 50, 55)}, says=[
             (C, '喂，哪位？'), (A, '您好，我是宽带公司的客服。'), (C, '我正在开会。'), (A, '耽误您两分钟时间。'),
             (C, '现在没时间，晚点再打给我。'), (A, '好的，那明天再给您打电话。')]),
    dict(name='silent', tag=ALAW, customer='right', ring=0, noise=(-50, -42), expect='',
         voices={A: ('m1', 170, 50, 55), C: ('f1', 165, 50, 50)}, says=[
             1.5, (A, '您好，请问是李先生吗？'), 2.5, (A, '喂，听得到吗？'), 3.0, (A, '您好，这里是信用卡中心。'), 2.5,
             (A, '好的那不打扰您了。'), 1.0]),
    dict(name='not-uninterested', tag=MULAW, customer='right', ring=0, noise=(-53, -46), expect='',
         voices={A: ('f3', 170, 55, 55), C: ('m6', 160, 50, 50)}, says=[
             (C, '喂，你好。'), (A, '您好，您对理财有兴趣吗？'), (C, '不是没兴趣，就是现在忙。'), (A, '那您看周五有时间吗？'),
             (C, '下午再打给我就行。'), (A, '好的，再见。')]),
]


def speak(espeak, pinyin, text, voice):
    """one sentence at RATE, its loudest sample at 1"""
    x = respeed(strip(espeak(pinyin.spoken(text), *voice)), 1.0, espeak.sr)
    y = resample_poly(x, 1, SR // RATE)
    return y / np.abs(y).max()


def line_noise(r, n, db):
    x = resample_poly(noise(r, n * SR // RATE + 4), 1, SR // RATE)[:n]
    return x / x.std() * 10 ** (db / 20)


def ringing(seconds):
    """what a Chinese caller hears before the answer: 450 Hz, 1 s on, 4 s off"""
    n = int(seconds * SR)
    x = tone(450, n, .15) * ((np.arange(n) / SR) % 5 < 1)
    return resample_poly(x, 1, SR // RATE)


def lay_out(r, call, sound):
    """-> [(side, start, sound, text)], length in seconds. Whoever takes over waits 0.5 s or
    more; whoever goes on waits 0.9 s or more, as two utterances would otherwise be one."""
    placed, t, last = [], call['ring'] + .6, None
    for item in call['says']:
        if not isinstance(item, tuple):
            t, last = t + item, None
            continue
        side, text = item
        if last:
            t += r.uniform(.5, .9) if side != last else r.uniform(.9, 1.3)
        x = sound(side, text)
        placed.append((side, t, x, text))
        t, last = t + len(x) / RATE, side
    return placed, t + r.uniform(.8, 1.4)


def make(call, number, pinyin, espeak):
    """writes a call's file; -> its row of the manifest, its rows of the texts"""
    r = random.Random(1000 + number)
    placed, seconds = lay_out(r, call, lambda side, text: speak(espeak, pinyin, text, call['voices'][side]))
    n = int(seconds * RATE)
    tracks = {}
    for side, db in zip((A, C), call['noise']):
        x = np.zeros(n)
        for who, start, s, _ in placed:
            if who == side:
                a = int(start * RATE)
                x[a:a + len(s)] += s * 10 ** (-r.uniform(6, 10) / 20)
        if side == C and call['ring']:
            x[:int(call['ring'] * RATE)] += ringing(call['ring'])
        tracks[side] = np.clip(band(r, x + line_noise(r, n, db)), -1, 1)
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
    pinyin = Pinyin.of_texts(t[1] for c in CALLS for t in c['says'] if isinstance(t, tuple))
    espeak = Espeak()
    made = [make(c, i + 1, pinyin, espeak) for i, c in enumerate(CALLS)]
    write_table('manifest.csv', ',', ['file', 'call_id', 'part', 'number', 'agent', 'customer_channel', 'answer_offset', 'started_at'],
                [m for m, _ in made])
    write_table('texts.tsv', '\t', ['call_id', 'suspect', 'class', 'side', 'start', 'end', 'text'], [t for _, ts in made for t in ts])


if __name__ == '__main__':
    main()
