#!/usr/bin/python3
"""Makes the recordings and texts.tsv in this folder.

Needs Debian's espeak-ng, python3-numpy and python3-scipy. Equal versions give equal
files, byte by byte.
"""
import os, random, sys
import numpy as np
from scipy.signal import resample_poly

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'training'))
sys.dont_write_bytecode = True
from pinyin import Pinyin
from sound import ALAW, MULAW, PCM, SR, UNSEEN, Espeak, band, level, noise, nonspeech, respeed, room, strip, write_wav

RATE = 8000
SEEN = ['f1', 'f2', 'f3', 'f5', 'm1', 'm2', 'm4', 'm5', 'm7', 'm8', 'Alicia', 'linda', 'michel', 'paul', 'steph', 'zac']
TAGS = {'alaw': ALAW, 'mulaw': MULAW, 'pcm': PCM}
LONGEST = 4.6                                             # seconds, to stay below 40 kB

TEXTS = {
    'refuse': '''我对保险没兴趣。|不好意思，我真的不感兴趣。|不想再听了。|你不用介绍了我不想听。|我暂时不需要贷款。|不用了，谢谢。
用不着，谢谢。|请不要再给我打电话。|你们别再打过来了。|再打我就举报你。|你工号多少我要投诉。|我要去消费者协会投诉你们。
你打错了吧。|打错了，这里没有这个人。|把我的号码删掉。|已经买了，再见。''',
    'busy': '我正在开车不方便。|在开会呢，晚点再打给我。|现在没时间。|我在高铁上听不清。',
    'interest': '一年多少钱？|我想了解一下装修。|你把资料发给我。|有什么优惠吗？|那你给我办一个。',
    'neutral': '喂，你好，哪位？|你说慢一点。|我听着呢。|好的，再见。|今天周五吧。',
    'tricky': '不是没兴趣，只是没时间。|别挂电话我有兴趣。|下午再打给我就行。|投诉电话是多少？|谁说我不想听了？|没打错你说。',
}


def utterance(r, espeak, pinyin, text, voice):
    """one sentence over a telephone line, at RATE"""
    while True:
        x = espeak(pinyin.spoken(text, sandhi=r.random() < .75), voice, r.randint(140, 210), r.randint(25, 75), r.randint(30, 70))
        x = respeed(strip(x), 1.0, espeak.sr)
        if len(x) < (LONGEST - .8) * SR:
            break
    before, after = (np.zeros(int(SR * r.uniform(.1, .4))) for _ in range(2))
    x = level(r, np.concatenate([before, x, after]))
    if r.random() < .3:
        x = room(r, x)
    nz = noise(r, len(x))
    nz *= np.abs(x).max() * 10 ** (-r.uniform(26, 50) / 20) / nz.std() * .35
    return band(r, resample_poly(x + nz, 1, SR // RATE))


def main():
    r = random.Random(2024)
    texts = [(c, t) for c, ts in TEXTS.items() for t in ts.replace('\n', '|').split('|')]
    pinyin, espeak = Pinyin.of_texts(t for _, t in texts), Espeak()
    rows, count = [], {}

    def put(category, voice, text, x):
        count[category] = n = count.get(category, 0) + 1
        coding = r.choice(['alaw', 'mulaw', 'pcm' if len(x) < 2.4 * RATE else 'alaw'])
        name = '%s-%02d.wav' % (category, n)
        write_wav(os.path.join(HERE, name), [np.clip(x, -1, 1)], TAGS[coding], RATE)
        rows.append((name, coding, voice, category, text))
    for i, (category, text) in enumerate(texts):
        voice = UNSEEN[i // 2 % 2] if i % 2 else r.choice(SEEN)
        put(category, voice, text, utterance(r, espeak, pinyin, text, voice))
    for _ in range(4):
        put('nonspeech', '', '', resample_poly(nonspeech(r)[:4 * SR], 1, SR // RATE))
    with open(os.path.join(HERE, 'texts.tsv'), 'w', encoding='utf8') as f:
        f.write('file\tcoding\tvoice\tcategory\ttext\n')
        f.writelines('\t'.join(row) + '\n' for row in rows)


if __name__ == '__main__':
    main()
