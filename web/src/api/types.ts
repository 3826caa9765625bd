// What the API answers, as far as the page reads it: proto/refrain/v1 has the whole. Times are RFC 3339,
// durations such as "1.5s", 64-bit numbers are strings.
export type Role = 'ROLE_REVIEWER' | 'ROLE_SUPERVISOR' | 'ROLE_ADMIN' | 'ROLE_ANALYST' | 'ROLE_AUDITOR' | 'ROLE_AGENT' | 'ROLE_MONITOR' | 'ROLE_RECORDER' | 'ROLE_DIALLER'

export interface Session {
  name: string
  role: Role
  lines: string[]
  csrfToken: string
  endTime: string | null
  reveals: boolean
}

export interface Span {
  start: string
  end: string
}
export interface Token {
  span: Span | null
  text: string
  prob: number
}
export interface Segment {
  span: Span
  text: string
  confidence: number
  tokens: Token[]
}
export interface Transcript {
  side: 'SIDE_AGENT' | 'SIDE_CUSTOMER'
  segments: Segment[]
  model: string
  demoModel: boolean
}
export interface Hit {
  class: string
  phrase: string
  text: string
  start: number
  end: number
  segment: number
  span: Span
  match: string
  score: number
  veto?: { reason: string; text: string } | null
  asked: string
}

export type SuspectState = 'STATE_UNSPECIFIED' | 'STATE_OPEN' | 'STATE_CLAIMED' | 'STATE_CONFIRMED' | 'STATE_DISMISSED'
export type Verdict = 'VERDICT_CONFIRMED' | 'VERDICT_DISMISSED'

export interface Decision {
  name: string
  round: number
  verdict: Verdict
  class: string
  reviewer: string
  decideTime: string
  note: string
  hits: { hit: number; correct: boolean }[]
  freeze: string
  reversal: { reviewer: string; revertTime: string; reason: string } | null
  freezeOverTime: string | null
}
export interface Suspect {
  name: string
  recording: string
  callId: string
  part: string
  maskedNumber: string
  agent: string
  state: SuspectState
  round: number
  score: number
  hits: Hit[]
  lexicon: string
  class: string
  claim: { reviewer: string; expireTime: string } | null
  decision: Decision | null
  createTime: string
  etag: string
  line: string
  freezeStartTime: string | null
  blind: boolean
  kind: string
  callStartTime: string | null
  shortId?: string
  frozen?: { freeze: string; endTime: string | null; reason: string; class: string } | null
  siblingCount?: number
  pass?: { reviewer: string; passTime: string; note: string } | null
  appeal?: { actor: string; appealTime: string; reason: string; state: string } | null
}
export interface EarlierCall {
  name: string
  startTime: string
  outcome: string
  talk: string | null
  agent: string
  line: string
}
export interface EarlierDecision {
  suspect: string
  callStartTime: string | null
  decision: Decision
}
export interface SuspectAnswer {
  suspect: Suspect
  transcript: Transcript | null
  agentTranscript: Transcript | null
  decisions: Decision[]
  earlierCalls?: EarlierCall[]
  earlierCallCount?: number
  earlierDecisions?: EarlierDecision[]
}
export interface SuspectCounts {
  counts: { state: SuspectState; class: string; count: string }[]
  waitingCount: string
  passedCount: string
  oldestOpenTime: string | null
}
export interface SuspectFilter {
  class?: string
  line?: string
  agent?: string
  minScore?: number
  maxScore?: number
  startCreateTime?: string
  endCreateTime?: string
  startDecideTime?: string
  endDecideTime?: string
  passed?: boolean
  mine?: boolean
  order?: string
}

export interface Freeze {
  name: string
  maskedNumber: string
  reason: string
  class: string
  startTime: string
  endTime: string | null
  callId: string
  suspect: string
  actor: string
  release: { actor: string; releaseTime: string; reason: string; cause: string } | null
  extensions: { actor: string; extendTime: string; reason: string; previousEndTime: string | null; endTime: string | null }[]
  active: boolean
  line: string
  rule: string
  callIds: string[]
  note: string
}

export interface LexiconClass {
  id: string
  label: string
  period: string | null
  phrases: number
}
export interface Lexicon {
  version: string
  source: string
  classes: LexiconClass[]
  active: boolean
  activateTime: string | null
  actor: string
}
export interface Problem {
  line: number
  message: string
}

// Of the lexicon or the rules.
export interface Version {
  version: string
  source: string
  active: boolean
  activateTime: string | null
  actor: string
}

export interface RunTally {
  suspectsBefore: string
  suspects: string
  gained: string
  lost: string
  otherClass: string
  failed: string
  reviewed: Record<'confirmed' | 'confirmedLost' | 'confirmedGained' | 'dismissed' | 'dismissedLost' | 'dismissedGained' | 'refusals' | 'refusalsFound' | 'others' | 'othersRaised', string> | null
}
export interface Run {
  name: string
  state: string
  trial: boolean
  lexicon: string
  lexiconSource: string
  actor: string
  problem: string
  total: string
  done: string
  tally: RunTally
  createTime: string
}
export interface RunChange {
  recording: string
  callId: string
  maskedNumber: string
  callTime: string
  kind: string
  class: string
  score: number
  classBefore: string
  scoreBefore: number
  text: string
  suspect: string
  decision: 'DECISION_UNSPECIFIED' | 'DECISION_CONFIRMED' | 'DECISION_DISMISSED'
}

export interface Rule {
  name: string
  title: string
  enabled: boolean
  condition: string
  limit: number
  window: string
  per: string
  deny: boolean
  freeze: string | null
}
export interface RuleSet {
  version: string
  source: string
  zone: string
  rules: Rule[]
  hours: string
  actor: string
  activateTime: string | null
  active: boolean
}

export interface Figures {
  startTime: string
  calls: string
  outcomes: Record<string, string>
  refused: Record<string, string>
  checks: string
  freezes: Record<string, string>
  freezesUndone: Record<string, string>
  releases: Record<string, string>
  complaints: string
  complaintsPer10000Calls: number
  callsToFrozen: string
  numbersCalledAgain: string
}
export interface Estimate {
  value: number
  low: number
  high: number
}
export interface Quality {
  suspects: string
  confirmed: string
  dismissed: string
  precision: Estimate | null
  recall: Estimate | null
  agreement: Estimate | null
  samples: string
  samplesDecided: string
}
export interface PhraseFigures {
  phrase: string
  example: string
  class: string
  confirmed: string
  dismissed: string
}
export interface ReviewerFigures {
  reviewer: string
  confirmed: string
  dismissed: string
  passed: string
  medianDecisionTime: string | null
  timed: string
  secondLooks: string
  agreed: string
}
export interface DayFigures {
  date: string
  calls: string
  rejected: string
  confirmed: string
  dismissed: string
  freezes: string
  refused: string
  complaints: string
  classes: { class: string; confirmed: string; dismissed: string }[]
}
// Of an agent or a line.
export interface PartFigures {
  agent?: string
  line?: string
  calls: string
  suspects: string
  confirmed: string
  complaints: string
  complaintsPer10000Calls: number
  callsBefore: string
  complaintsPer10000CallsBefore: number
}
export interface Report {
  phrases?: PhraseFigures[]
  reviewers?: ReviewerFigures[]
  days?: DayFigures[]
  agents?: PartFigures[]
  lines?: PartFigures[]
  figures: Figures
  before: Figures
  savings: { callsAvoided: string; costSaved: number; formula: string }
  quality: Quality
  qualityBefore: Quality
}

export interface Status {
  version: string
  model: string
  lexicon: string
  startTime: string
  uptime: string
  waiting: { priority: string; count: string; audio: string; oldestAge: string | null }[]
  runningCount: string
  parked: { reason: string; count: string }[]
  openSuspectCount: string
  readiness: { purpose: string; ready: boolean; reason: string }[]
  disk?: { freeBytes: string; sizeBytes: string; audioBytes: string; databaseBytes: string } | null
  speech?: { heardLastHour: string; heard: string; speedLastHour: number; speed: number; realTimeFactor?: number | null } | null
}
export interface Recording {
  name: string
  callId: string
  agent: string
  line: string
  state: string
  createTime: string
  attempts: number
  error: { reason: string; message: string } | null
}

export interface User {
  name: string
  role: Role
  lines: string[]
  createTime: string
  disableTime: string | null
  totp: boolean
  external: boolean
  sessions: { createTime: string; lastUseTime: string; origin: string }[]
}
export interface Key {
  name: string
  role: Role
  lines: string[]
  createTime: string
  expireTime: string | null
  revokeTime: string | null
  active: boolean
  tokens: { prefix: string; lastUseTime: string | null }[]
}

export interface Call {
  name: string
  callId: string
  maskedNumber: string
  agent: string
  line: string
  callerId: string
  startTime: string
  outcome: string
  talk: string | null
  endedBy: string
  code: string
}
export interface Complaint {
  name: string
  maskedNumber: string
  time: string
  source: string
  text: string
  actor: string
  createTime: string
  freeze: string
  frozen: boolean
  callId: string
  agent: string
  line: string
  callStartTime: string | null
}
export interface NumberMatch {
  by: 'BY_NUMBER' | 'BY_LAST_DIGITS' | 'BY_CALL' | 'BY_SUSPECT'
  name: string
  maskedNumber: string
  time: string | null
}
export interface Allowance {
  name: string
  maskedNumber: string
  reason: string
  startTime: string
  endTime: string | null
  actor: string
  release: Freeze['release']
  active: boolean
}

export interface AuditEntry {
  seq: string
  time: string
  actor: string
  origin: string
  action: string
  subject: string
  reason: string
  details: Record<string, string>
}
export interface Hold {
  name: string
  about: string
  reason: string
  actor: string
  createTime: string
  releaseTime: string | null
  releaseActor: string
  releaseReason: string
}
export interface Retention {
  periods: { kind: string; line: string; period: string | null; floor: string | null }[]
  due: { kind: string; count: string; sizeBytes: string; heldCount: string; heldBytes: string }[]
  backupsPeriod: string | null
}
