"""Training batches: shards -> mel, tokens, CTC units, with what makes them harder."""
import glob, json, math, os
import numpy as np
import torch
import torch.nn.functional as F
from pinyin import units

# token ids of a multilingual Whisper
EOT, SOT, ZH, TRANSCRIBE, NO_SPEECH, NO_TIMES, BEGIN = 50257, 50258, 50260, 50359, 50362, 50363, 50364
TIMES = 1500                                              # time stamps behind BEGIN, 20 ms apart
FLOOR = -1.5                                              # the least that log-mel can be
SPAN = 900                                                # neighbours by length, from which a batch is drawn
FIRST_MIXED = 46                                          # of the vocabulary; those before are never put in by chance
LN10_4 = 4 * math.log(10)


class Vocab:
    """compact training ids <-> Whisper ids"""

    def __init__(self, data):
        with open(os.path.join(data, 'vocab.txt'), encoding='utf8') as f:
            self.tokens = f.read().split('\n')[:-1]
        special = [EOT, SOT, ZH, TRANSCRIBE, NO_SPEECH, NO_TIMES]
        self.ids = [*range(len(self.tokens)), *special, *range(BEGIN, BEGIN + TIMES + 1)]
        compact = {w: i for i, w in enumerate(self.ids)}
        self.eot, self.sot, self.zh, self.transcribe, self.no_speech, self.no_times = (compact[w] for w in special)
        self.begin = compact[BEGIN]
        self.char = {t: i for i, t in enumerate(self.tokens)}

    def time(self, sec):
        """the stamp of a time, to 0.1 s"""
        return self.begin + min(TIMES, round(sec * 10) * 5)

    def end(self, sec):
        return max(self.begin + 5, self.time(sec))


class Utterance:
    def __init__(self, q, floor, text, end, ctc):
        self.q, self.floor, self.text, self.end, self.ctc = q, floor, text, end, ctc

    def then(self, r, b):
        """this one, a pause, and b"""
        gap = r.randint(0, 90)
        q2 = b.q + float(np.clip(self.q.max() - b.q.max() + r.gauss(0, .06), -1, 1))
        q = np.concatenate([self.q, np.full((gap, 80), FLOOR, np.float32), q2])
        floor = max(FLOOR, float(q.max()) - 2)
        return Utterance(np.maximum(q, floor), floor, self.text + b.text, (len(self.q) + gap) / 100 + b.end, self.ctc + b.ctc)


class Data:
    def __init__(self, data, feat):
        self.v = Vocab(data)
        self.shards, self.index = [], []                  # index: frames, shard, number, CTC units
        seen = set()
        for path in sorted(glob.glob(os.path.join(feat, '*.json'))):
            with open(path, encoding='utf8') as f:
                meta = json.load(f)
            for i in range(len(meta['text'])):
                ctc = [u for p in meta['ctc'][i].split() for u in units(p)]
                seen.update(ctc)
                self.index.append((meta['off'][i + 1] - meta['off'][i], len(self.shards), i, ctc))
            self.shards.append((np.load(path[:-5] + '.mel.npy'), meta))
        self.units = self._units(os.path.join(data, 'units.json'), seen)
        number = {u: i + 1 for i, u in enumerate(self.units)}
        self.index = [(n, s, i, [number[u] for u in c if u in number]) for n, s, i, c in self.index]
        self.index.sort(key=lambda t: t[0])
        self.n = len(self.index)
        with open(os.path.join(data, 'text.tsv'), encoding='utf8') as f:
            rnd = {line.split('\t')[0] for line in f if line.split('\t')[2] == 'random'}
        self.random = [self.shards[s][1]['text'][i] in rnd for _, s, i, _ in self.index]
        self.skip = 0.0                                   # share of random word strings passed over

    @staticmethod
    def _units(path, seen):
        """the same for every leg of a run"""
        if not os.path.exists(path):
            with open(path, 'w') as f:
                json.dump(sorted(seen), f)
        with open(path) as f:
            return json.load(f)

    def draw(self, r, lo, hi):
        while True:
            k = r.randrange(lo, hi)
            if not self.random[k] or r.random() >= self.skip:
                return self.get(k)

    def get(self, k):
        n, s, i, ctc = self.index[k]
        mel, m = self.shards[s]
        a = m['off'][i]
        q = mel[a:a + n].astype(np.float32) * (2 / 255) + m['floor'][i]
        return Utterance(q, m['floor'][i], m['text'][i], m['end'][i], ctc)

    def batch(self, r, budget, p):
        """-> mel, encoder lengths, tokens in, tokens out (-100: not judged), CTC units.
        budget: about how many encoder positions; p: progress of the run, 0..1"""
        kind = r.random()
        long = p > .12 and kind < .05
        pair = .05 < p and not long and r.random() < .10
        context = r.choice([512, 512, 768, 1024, 1500]) if long else 0
        items = self._items(r, budget, context, pair)
        stretch = min(1.15, max(.87, math.exp(r.gauss(0, .05)))) if r.random() < .5 else 1.0
        x, ln, floor = stack(items, stretch)
        if r.random() < .4:
            x = warp(x, math.exp(r.gauss(0, .045)))
        x = augment(r, x, ln, floor, p)
        T = choose_context(r, (x.shape[1] + 1) // 2, context, p)
        y = x.amin(dim=(1, 2), keepdim=True).expand(len(items), 2 * T, 80).clone()
        m = min(2 * T, x.shape[1])
        y[:, :m] = x[:, :m]
        tok, tgt = self._tokens(r, items, stretch, noisy=p > .3 and r.random() < .5)
        return y, ((ln + 1) // 2).clamp(max=T), tok, tgt, [it.ctc for it in items]

    def _items(self, r, budget, context, pair):
        c = r.randrange(self.n)
        frames = self.index[c][0]
        if context:
            return [self.draw(r, 0, self.n) for _ in range(max(4, budget // context))]
        lo = max(0, min(self.n - SPAN, c - SPAN // 2))
        hi = min(self.n, lo + SPAN)
        if not pair:
            return [self.draw(r, lo, hi) for _ in range(max(4, min(96, budget // max(40, frames // 2 + 10))))]
        items = []
        for _ in range(max(4, budget // max(90, frames))):
            a = self.draw(r, lo, hi)
            b = self.draw(r, lo, hi) if a.text else None
            items.append(a.then(r, b) if b and b.text and len(a.q) + len(b.q) < 2800 else a)
        return items

    def _tokens(self, r, items, stretch, noisy):
        v = self.v
        toks, tgts = [], []
        for it in items:
            prompt, text = [v.sot, v.zh, v.transcribe], [v.char[c] for c in it.text]
            if not it.text:
                out = [v.begin, v.eot]
            elif r.random() < .1:
                prompt.append(v.no_times)
                out = text + [v.eot]
            else:
                out = [v.begin] + text + [v.end(it.end * stretch), v.eot]
            seq = (prompt + out)[:-1]
            if noisy:                                     # lean on the sound, not on the text so far
                n = len(v.tokens)
                seq = [r.randrange(FIRST_MIXED, n) if k < n and r.random() < .1 else k for k in seq]
            toks.append(seq)
            tgts.append([v.zh if it.text else v.no_speech] + [-100] * (len(prompt) - 2) + out)
        longest = max(map(len, toks))
        tok, tgt = torch.full((len(items), longest), v.eot), torch.full((len(items), longest), -100)
        for b, (k, t) in enumerate(zip(toks, tgts)):
            tok[b, :len(k)], tgt[b, :len(t)] = torch.tensor(k), torch.tensor(t)
        return tok, tgt


def stack(items, stretch):
    """-> mel (filled with each one's floor), frames, floors; time stretched for all alike"""
    floor = torch.tensor([it.floor for it in items]).view(-1, 1, 1)
    ln = torch.tensor([len(it.q) for it in items])
    x = torch.zeros(len(items), int(ln.max()), 80) + floor
    for b, it in enumerate(items):
        x[b, :len(it.q)] = torch.from_numpy(it.q)
    if stretch != 1.0:
        size = int(x.shape[1] * stretch)
        x = F.interpolate(x.transpose(1, 2), size=size, mode='linear', align_corners=False).transpose(1, 2)
        ln = (ln * stretch).long().clamp(min=1, max=size)
    return x, ln, floor


def choose_context(r, need, context, p):
    """encoder positions: mostly tight, sometimes as whisper.cpp rounds them"""
    k = r.random()
    if context:
        return max(context, min(1500, need))
    if k < .65 or p < .05:
        return min(1500, need + r.randint(0, 24))
    if k < .8:
        return min(1500, need + r.choice([32, 50, 64, 80]))
    return min(1500, (need + 255) // 256 * 256)


def warp(x, a):
    """stretch the mel axis: another length of the vocal tract"""
    pos = (torch.arange(80) * a).clamp(0, 79)
    i = pos.floor().long().clamp(max=78)
    f = pos - i
    return x[..., i] * (1 - f) + x[..., i + 1] * f


def augment(r, x, ln, floor, p):
    B, L, _ = x.shape
    x = x + torch.empty(B, 1, 1).uniform_(-.45, .3)       # gain
    valid = (torch.arange(L)[None] < ln[:, None]).unsqueeze(-1)
    if p > .03 and r.random() < .4:
        x = add_noise(r, x, valid)
    if r.random() < .5:                                   # line colour
        f = torch.linspace(0, 1, 80).view(1, 1, 80)
        x = x + torch.empty(B, 1, 1).uniform_(-.2, .2) * (f - .5) + \
            torch.randn(B, 1, 1) * .05 * torch.sin(f * r.uniform(2, 9) + r.uniform(0, 6))
    least = (x.amax(dim=(1, 2), keepdim=True) - 2).clamp(min=FLOOR)
    x = torch.maximum(torch.where(valid, x, least.expand_as(x)), least)
    if p > .04:
        mask(r, x, ln, floor)
    return x


def add_noise(r, x, valid):
    """coloured noise, added in the power domain"""
    B, L, _ = x.shape
    lev = x.amax(dim=(1, 2), keepdim=True) - torch.empty(B, 1, 1).uniform_(.45 if r.random() < .3 else .75, 1.9)
    f = torch.linspace(-1, 1, 80).view(1, 1, 80)
    n = lev + f * torch.empty(B, 1, 1).uniform_(-.35, .25) + torch.randn(B, 1, 80) * .03 + torch.randn(B, L, 80) * .06
    n = torch.where(valid, n, torch.full_like(n, -9.))
    return torch.logaddexp(x * LN10_4, n * LN10_4) / LN10_4


def mask(r, x, ln, floor):
    """blanks stretches of time and bands of mel, in place"""
    for b in range(len(x)):
        if r.random() < .5:
            for _ in range(r.randint(1, 2)):
                w = r.randint(2, 10)
                a = r.randrange(0, max(1, int(ln[b]) - w))
                x[b, a:a + w] = floor[b, 0, 0]
        if r.random() < .4:
            w = r.randint(2, 10)
            a = r.randrange(0, 80 - w)
            x[b, :, a:a + w] = floor[b, 0, 0]
