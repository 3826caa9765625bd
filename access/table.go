package access

import (
	"slices"

	"github.com/refrain-asr/refrain/audit"
)

// Who may do what, in one place: each RPC by its full name, each HTTP route by its pattern. What is
// not here, nobody may do. docs/security.md prints it.

// Groups of roles that often go together.
var (
	everybody = Roles()
	// floor are those who run it; readers look at everything, those who review too.
	floor   = []Role{Supervisor}
	experts = []Role{Supervisor, Analyst}
	readers = []Role{Supervisor, Analyst, Auditor}
	desk    = []Role{Reviewer, Supervisor, Analyst, Auditor}
	keeper  = []Role{} // Admin alone
	// listeners hear calls.
	listeners = []Role{Reviewer, Supervisor, Auditor}
	looks     = []Role{Auditor}
	gates     = []Role{Gate}
)

const service = "refrain.v1."

var rpcs = map[string]Rule{
	service + "GateService/CheckNumber":  {Roles: plus(desk, Dialler, Agent, Gate), Scope: LineField},
	service + "GateService/CheckNumbers": {Roles: plus(desk, Dialler, Gate), Scope: LineField},
	service + "GateService/ReserveCall":  {Roles: plus(floor, Dialler, Gate), Scope: LineField},

	// A gate for some lines is told of these alone, by what tells it.
	service + "FeedService/FollowChanges": {Roles: gates, Scope: NoLine},
	service + "FeedService/ReportChecks":  {Roles: gates, Scope: NoLine},

	service + "CallService/ReportCall":       {Roles: plus(floor, Dialler), Scope: LineField},
	service + "CallService/BatchReportCalls": {Roles: plus(floor, Dialler), Scope: LineField},
	service + "CallService/GetCall":          {Roles: plus(desk, Dialler, Agent), Scope: LineOfName},
	service + "CallService/ListCalls":        {Roles: desk},

	service + "RecordingService/UploadRecording": {Roles: plus(floor, Recorder), Scope: LineField},
	service + "RecordingService/GetRecording":    {Roles: plus(desk, Recorder), Scope: LineOfName},
	service + "RecordingService/WatchRecording":  {Roles: plus(desk, Recorder), Scope: LineOfName},
	service + "RecordingService/GetRecordingAudio": {Roles: listeners, Scope: LineOfName,
		Audit: audit.Listen},
	service + "RecordingService/GetRecordingPeaks": {Roles: desk, Scope: LineOfName},
	service + "RecordingService/ListRecordings":    {Roles: desk, Scope: LineField},
	service + "RecordingService/RetryRecording":    {Roles: floor, Scope: LineOfName},
	service + "RecordingService/RetryRecordings":   {Roles: floor},

	service + "ReviewService/ListSuspects":     {Roles: desk, Scope: LineField},
	service + "ReviewService/GetSuspect":       {Roles: desk, Scope: LineOfName},
	service + "ReviewService/CountSuspects":    {Roles: desk, Scope: LineField},
	service + "ReviewService/WatchSuspects":    {Roles: desk, Scope: LineField},
	service + "ReviewService/ClaimNextSuspect": {Roles: plus(floor, Reviewer), Scope: LineField},
	service + "ReviewService/ReleaseClaim":     {Roles: plus(floor, Reviewer), Scope: LineOfName},
	service + "ReviewService/PassSuspect":      {Roles: plus(floor, Reviewer), Scope: LineOfName},
	service + "ReviewService/ClaimSuspect":     {Roles: plus(floor, Reviewer), Scope: LineOfName},
	service + "ReviewService/DecideSuspect": {Roles: plus(floor, Reviewer), Scope: LineOfName,
		Audit: audit.DecisionMake},
	service + "ReviewService/RevertDecision": {Roles: plus(floor, Reviewer), Scope: LineOfName,
		Audit: audit.DecisionRevert},
	service + "ReviewService/ListAgentSuspects": {Roles: plus(desk, Agent), Scope: LineField},
	service + "ReviewService/AppealDecision": {Roles: plus(floor, Agent), Scope: LineOfName,
		Audit: audit.DecisionAppeal},

	service + "FreezeService/CreateFreeze":     {Roles: floor, Audit: audit.FreezeCreate},
	service + "FreezeService/ImportFreezes":    {Roles: floor, Audit: audit.FreezeImport},
	service + "FreezeService/ListFreezes":      {Roles: desk},
	service + "FreezeService/ExportFreezes":    {Roles: readers, Audit: audit.Export},
	service + "FreezeService/ExtendFreeze":     {Roles: floor, Audit: audit.FreezeExtend},
	service + "FreezeService/ReleaseFreeze":    {Roles: floor, Audit: audit.FreezeRelease},
	service + "FreezeService/AllowNumber":      {Roles: floor, Audit: audit.AllowanceCreate},
	service + "FreezeService/ListAllowances":   {Roles: desk},
	service + "FreezeService/EndAllowance":     {Roles: floor, Audit: audit.AllowanceEnd},
	service + "FreezeService/ImportComplaints": {Roles: floor, Audit: audit.ComplaintsImport},
	service + "FreezeService/ListComplaints":   {Roles: desk},
	service + "FreezeService/VerifyLedger":     {Roles: plus(looks, Supervisor)},

	service + "LexiconService/GetLexicon":      {Roles: desk, Scope: NoLine},
	service + "LexiconService/ListLexicons":    {Roles: desk, Scope: NoLine},
	service + "LexiconService/CheckLexicon":    {Roles: readers, Scope: NoLine},
	service + "LexiconService/TestLexicon":     {Roles: readers, Scope: NoLine},
	service + "LexiconService/PreviewLexicon":  {Roles: readers, Scope: LineField},
	service + "LexiconService/ActivateLexicon": {Roles: floor, Audit: audit.LexiconActivate},

	service + "RuleService/GetRules":         {Roles: desk},
	service + "RuleService/ListRuleVersions": {Roles: desk, Scope: NoLine},
	service + "RuleService/CheckRules":       {Roles: readers, Scope: NoLine},
	service + "RuleService/TestRules":        {Roles: readers},
	service + "RuleService/ActivateRules":    {Roles: floor, Audit: audit.RulesActivate},

	service + "ReportService/GetReport": {Roles: readers},
	service + "StatusService/GetStatus": {Roles: everybody, Scope: NoLine},

	service + "ExportService/ExportVcons": {Roles: readers, Scope: LineField, Audit: audit.Export},

	service + "BatchService/CreateRun":      {Roles: experts, Audit: audit.RunCreate},
	service + "BatchService/GetRun":         {Roles: readers},
	service + "BatchService/ListRuns":       {Roles: readers},
	service + "BatchService/PauseRun":       {Roles: experts, Audit: audit.RunPause},
	service + "BatchService/ResumeRun":      {Roles: experts, Audit: audit.RunResume},
	service + "BatchService/CancelRun":      {Roles: experts, Audit: audit.RunCancel},
	service + "BatchService/ListRunChanges": {Roles: readers},

	service + "RetentionService/ShowRetention": {Roles: readers},
	service + "RetentionService/RunRetention":  {Roles: keeper, Audit: audit.Delete},
	service + "RetentionService/AddHold":       {Roles: floor, Audit: audit.HoldPlace},
	service + "RetentionService/ListHolds":     {Roles: readers},
	service + "RetentionService/ReleaseHold":   {Roles: floor, Audit: audit.HoldRelease},
	service + "PersonService/ErasePerson":      {Roles: keeper, Audit: audit.Delete},
	service + "PersonService/ExportPerson":     {Roles: looks, Audit: audit.Reveal},

	service + "KeyService/AddKey":    {Roles: keeper, Audit: audit.KeyAdd},
	service + "KeyService/RotateKey": {Roles: keeper, Audit: audit.KeyRotate},
	service + "KeyService/RevokeKey": {Roles: keeper, Audit: audit.KeyRevoke},
	service + "KeyService/ListKeys":  {Roles: looks},
	service + "KeyService/WhoAmI":    {Roles: everybody, Scope: NoLine},

	service + "UserService/AddUser":           {Roles: keeper, Audit: audit.UserAdd},
	service + "UserService/ListUsers":         {Roles: looks},
	service + "UserService/ChangeUser":        {Roles: keeper, Audit: audit.UserChange},
	service + "UserService/SetUserPassword":   {Roles: keeper, Audit: audit.UserPassword},
	service + "UserService/DisableUser":       {Roles: keeper, Audit: audit.UserDisable},
	service + "UserService/EnableUser":        {Roles: keeper, Audit: audit.UserEnable},
	service + "UserService/SignOutUser":       {Roles: keeper, Audit: audit.UserSignOut},
	service + "UserService/SetUpUserTotp":     {Roles: keeper, Audit: audit.UserTOTP},
	service + "UserService/RemoveUserTotp":    {Roles: keeper, Audit: audit.UserTOTPRemove},
	service + "UserService/ChangeOwnPassword": {Roles: everybody, Scope: NoLine, Audit: audit.UserPassword},
	service + "UserService/SetUpOwnTotp":      {Roles: everybody, Scope: NoLine},
	service + "UserService/ConfirmOwnTotp":    {Roles: everybody, Scope: NoLine, Audit: audit.UserTOTP},
	service + "UserService/RemoveOwnTotp":     {Roles: everybody, Scope: NoLine, Audit: audit.UserTOTPRemove},

	service + "AuditService/ListEntries":   {Roles: looks},
	service + "AuditService/ExportEntries": {Roles: looks, Audit: audit.Export},
	service + "AuditService/VerifyAudit":   {Roles: looks},

	service + "RevealService/RevealNumber": {Roles: revealers, Reveals: true, Scope: LineOfName,
		Audit: audit.Reveal},
	// By digits it finds for those alone who may see numbers in full: the method looks at that.
	service + "RevealService/ListNumbers": {Roles: desk},

	// Whether a server lives and what it can be asked is no secret: the sources are public.
	"grpc.health.v1.Health/Check": {Open: true},
	"grpc.health.v1.Health/List":  {Open: true},
	"grpc.health.v1.Health/Watch": {Open: true},
	"grpc.reflection.v1.ServerReflection/ServerReflectionInfo": {Roles: everybody,
		Scope: NoLine},
	"grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": {Roles: everybody,
		Scope: NoLine},
}

var routes = map[string]Rule{
	// The page holds nothing but itself: what it shows it asks for.
	"GET /{$}":              {Open: true},
	"GET /assets/{file}":    {Open: true},
	"GET /sign-in":          {Open: true},
	"GET /review":           {Open: true},
	"GET /review/{suspect}": {Open: true},
	"GET /suspects":         {Open: true},
	"GET /freezes":          {Open: true},
	"GET /complaints":       {Open: true},
	"GET /my-calls":         {Open: true},
	"GET /lexicon":          {Open: true},
	"GET /rules":            {Open: true},
	"GET /overview":         {Open: true},
	"GET /system":           {Open: true},
	"GET /people":           {Open: true},
	"GET /account":          {Open: true},
	"GET /retention":        {Open: true},
	"GET /audit":            {Open: true},
	"GET /api":              {Open: true},

	"GET /healthz":          {Open: true},
	"GET /readyz":           {Open: true},
	"GET /readyz/{purpose}": {Open: true},
	"GET /v1/openapi.json":  {Open: true},
	"GET /metrics":          {Roles: plus(looks, Monitor, Supervisor)},

	// Whoever signs in is nobody yet. What a session says of itself it may, whoever it is.
	"POST /v1/sessions":              {Open: true},
	"GET /v1/sessions/oidc":          {Open: true},
	"GET /v1/sessions/oidc/callback": {Open: true},
	"GET /v1/sessions/current":       {Roles: everybody, Scope: NoLine},
	"DELETE /v1/sessions/current":    {Roles: everybody, Scope: NoLine},
	"DELETE /v1/sessions":            {Roles: everybody, Scope: NoLine},

	// It goes through two RPCs, each of which looks at the line: GetSuspect, and GetRecordingAudio, which these may.
	"GET /v1/suspects/{suspect}/clip": {Roles: listeners, Scope: NoLine},

	// All of REST, in which each address is an RPC's.
	"/v1/":                                 {Via: "*"},
	"POST /v1/recordings":                  {Via: service + "RecordingService/UploadRecording"},
	"GET /check":                           {Via: service + "GateService/CheckNumber"},
	"POST /reserve":                        {Via: service + "GateService/ReserveCall"},
	"POST /v1/calls:reserve":               {Via: service + "GateService/ReserveCall"},
	"GET /v1/recordings/{recording}/audio": {Via: service + "RecordingService/GetRecordingAudio"},
	"POST /report":                         {Via: service + "CallService/ReportCall"},
	"GET /v1/calls/{call}/vcon":            {Via: service + "ExportService/ExportVcons"},
	"POST /cdr/freeswitch":                 {Via: service + "CallService/ReportCall"},
}

// plus adds roles to a group.
func plus(roles []Role, more ...Role) []Role { return slices.Concat(roles, more) }
