"""usage: train.py DATA_DIR FEAT_DIR OUT.pt MINUTES [--init CKPT.pt --start PROGRESS]

The learning rate follows a cosine over wall-clock time, so the run ends on time on any
machine. --init goes on from a checkpoint, as if --start (0..1) of the run were done.
"""
import argparse, math, os, random, time
import torch
import torch.nn.functional as F
from batches import Data
from model import BF16, Config, Whisper, lin

BUDGET = 6000                                             # encoder positions a batch
WARM_UP = 300                                             # steps


def newton_schulz(G, steps=5):
    a, b, c = 3.4445, -4.7750, 2.0315
    X = G / (G.norm() + 1e-7)
    tall = X.shape[0] > X.shape[1]
    if tall:
        X = X.T
    X = X.to(BF16)
    for _ in range(steps):
        A = X @ X.T
        X = a * X + (b * A + c * (A @ A)) @ X
    return (X.T if tall else X).float()


class Muon(torch.optim.Optimizer):
    """momentum + orthogonalised update for the hidden matrices (fused q/k/v are treated apart)"""

    def __init__(self, params, lr, wd):
        super().__init__(params, dict(lr=lr, wd=wd, momentum=.95))

    @torch.no_grad()
    def step(self):
        for g in self.param_groups:
            for p in g['params']:
                if p.grad is None:
                    continue
                m = self.state[p].setdefault('m', torch.zeros_like(p))
                m.lerp_(p.grad, 1 - g['momentum'])
                u = p.grad.lerp(m, g['momentum'])
                us = [newton_schulz(q) * max(1, q.shape[0] / q.shape[1]) ** .5 for q in u.chunk(p.parts)]
                p.mul_(1 - g['lr'] * g['wd'])
                p.add_(torch.cat(us), alpha=-g['lr'])


def optimisers(m):
    matrices, rest, no_decay = [], [], []
    for name, p in m.named_parameters():
        if '.blocks.' in name and p.ndim == 2:
            p.parts = 3 if 'qkv_w' in name else 2 if 'ckv_w' in name else 1
            matrices.append(p)
        elif p.ndim == 1 or 'positional' in name:
            no_decay.append(p)
        else:
            rest.append(p)
    return [Muon(matrices, lr=.02, wd=.03),
            torch.optim.AdamW([dict(params=rest, weight_decay=.02), dict(params=no_decay, weight_decay=0)], lr=2e-3, betas=(.9, .98))]


def losses(m, batch, p, r, n_char):
    """-> cross-entropy, CTC loss, accuracy"""
    y, ln, tok, tgt, ctc = batch
    pad, stale = 0, False
    if p > .06:                                           # what whisper.cpp leaves behind a short context
        k = r.random()
        pad, stale = (min(-(y.shape[1] // 2) % 256, y.shape[1] // 2) if k < .35 else 0), k < .1
    xa = m.encoder(y, npad=pad, stale=stale)
    h = m.decoder(tok, xa, npad=pad, stale=stale)
    judged = tgt.view(-1) >= 0
    t = tgt.view(-1)[judged]
    logits = m.decoder.logits(h.reshape(-1, h.shape[-1])[judged])
    logp = F.log_softmax(logits, -1)
    ce = -logp.gather(1, t[:, None])[:, 0]
    # smoothing among the characters only: stray mass on time stamps would end sentences
    # early in whisper.cpp
    ce = torch.where(t < n_char, .96 * ce - .04 * logp[:, :n_char].mean(-1), ce).mean()
    return ce, ctc_loss(m, xa, ln, ctc), (logits.argmax(-1) == t).float().mean()


def ctc_loss(m, xa, ln, ctc):
    keep = [b for b in range(len(ctc)) if ctc[b]]
    if not keep:
        return torch.zeros(())
    lp = F.log_softmax(lin(xa[keep], m.ctc.weight, m.ctc.bias).float(), -1).transpose(0, 1)
    lengths = torch.tensor([len(ctc[b]) for b in keep])
    return F.ctc_loss(lp, torch.tensor([u for b in keep for u in ctc[b]]), ln[keep], lengths, zero_infinity=True)


def save(m, path, p):
    torch.save(dict(model=m.state_dict(), state=Config.n_state, p=p), path + '.tmp')
    os.replace(path + '.tmp', path)


class Log:
    """prints means every 20 s"""

    def __init__(self):
        self.begin = self.last = time.time()
        self.steps = self.seen = 0
        self.sums, self.n = [0.0] * 3, 0

    def add(self, p, size, values):
        self.steps, self.seen, self.n = self.steps + 1, self.seen + size, self.n + 1
        self.sums = [a + float(b) for a, b in zip(self.sums, values)]
        if time.time() - self.last > 20:
            took = time.time() - self.begin
            print('%5.1f min p %.3f step %d seen %d (%.0f/s) ce %.3f ctc %.3f acc %.4f' % (
                took / 60, p, self.steps, self.seen, self.seen / took, *(s / self.n for s in self.sums)), flush=True)
            self.sums, self.n, self.last = [0.0] * 3, 0, time.time()


def train(m, data, out, minutes, start, r):
    opts = optimisers(m)
    base = [[g['lr'] for g in o.param_groups] for o in opts]
    log, saved = Log(), time.time()
    while True:
        p = start + (1 - start) * (time.time() - log.begin) / (minutes * 60)
        if p >= 1:
            return save(m, out, 1.0)
        rate = min(1, (log.steps + 1) / WARM_UP) * (.5 + .5 * math.cos(math.pi * p)) * .98 + .02 * (1 - p)
        for o, lrs in zip(opts, base):
            for g, lr in zip(o.param_groups, lrs):
                g['lr'] = lr * rate
        data.skip = 0.0 if p < .34 else .55
        batch = data.batch(r, BUDGET, p)
        ce, ctc, acc = losses(m, batch, p, r, len(data.v.tokens))
        (ce + (.5 if p < .25 else .3 if p < .8 else .15) * ctc).backward()
        torch.nn.utils.clip_grad_norm_(m.parameters(), 2.0)
        for o in opts:
            o.step()
        m.zero_grad(set_to_none=True)
        log.add(p, len(batch[4]), (ce, ctc, acc))
        if time.time() - saved > 300:
            save(m, out, p)
            saved = time.time()


def main():
    ap = argparse.ArgumentParser()
    for name in ('data', 'feat', 'out'):
        ap.add_argument(name)
    ap.add_argument('minutes', type=float)
    ap.add_argument('--init')
    ap.add_argument('--start', type=float, default=0.0)
    a = ap.parse_args()
    torch.set_num_threads(int(os.environ.get('OMP_NUM_THREADS', 2)))
    torch.manual_seed(1)
    data = Data(a.data, a.feat)
    m = Whisper(Config(), len(data.v.ids), len(data.units) + 1)
    print(data.n, 'utterances', len(data.units), 'units; params: encoder', sum(p.numel() for p in m.encoder.parameters()),
          'decoder blocks', sum(p.numel() for p in m.decoder.blocks.parameters()), flush=True)
    if a.init:
        m.load_state_dict(torch.load(a.init)['model'])
    train(m, data, a.out, a.minutes, a.start, random.Random(5 + int(a.start * 1000)))


if __name__ == '__main__':
    main()
