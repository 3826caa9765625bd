package storetest

import (
	"context"
	"testing"

	"github.com/refrain-asr/refrain/internal/store"
)

// Opener opens a database. Called again after the store was closed, it opens the same
// database again.
type Opener func(ctx context.Context, o store.Options) (*store.DB, error)

// suite are the tests, by name.
var suite = map[string]func(*testing.T, *bench){
	"CreateRecording":          testCreateRecording,
	"CreateRecordingTwice":     testCreateRecordingTwice,
	"CreateRecordingAtOnce":    testCreateRecordingAtOnce,
	"CreateRecordingIsAtomic":  testCreateRecordingIsAtomic,
	"Attempts":                 testAttempts,
	"AttemptsAtOnce":           testAttemptsAtOnce,
	"AttemptsAreEnqueued":      testAttemptsAreEnqueued,
	"AttemptsOfTheFinished":    testAttemptsOfTheFinished,
	"Requeue":                  testRequeue,
	"OrderOfWork":              testOrderOfWork,
	"FairShare":                testFairShare,
	"TurnsAtOnce":              testTurnsAtOnce,
	"Pauses":                   testPauses,
	"QueueCounts":              testQueueCounts,
	"QueueOfNothing":           testQueueOfNothing,
	"RetryParked":              testRetryParked,
	"RetryParkedPortions":      testRetryParkedPortions,
	"Lines":                    testLines,
	"FinishRecording":          testFinishRecording,
	"FinishRecordingTwice":     testFinishRecordingTwice,
	"FinishRecordingIsAtomic":  testFinishRecordingIsAtomic,
	"BothTracks":               testBothTracks,
	"AgentAgain":               testAgentAgain,
	"ReplaceAudio":             testReplaceAudio,
	"ReplaceUnheard":           testReplaceUnheard,
	"Reheard":                  testReheard,
	"DefectsAreKept":           testDefectsAreKept,
	"Judgements":               testJudgements,
	"NotFound":                 testNotFound,
	"ListRecordings":           testListRecordings,
	"ListSuspects":             testListSuspects,
	"SuspectStates":            testSuspectStates,
	"ListFreezes":              testListFreezes,
	"Review":                   testReview,
	"ReviewErrorsWriteNothing": testReviewErrorsWriteNothing,
	"DecideAtOnce":             testDecideAtOnce,
	"ClaimAtOnce":              testClaimAtOnce,
	"RevertAtOnce":             testRevertAtOnce,
	"EffectsAreUndone":         testEffectsAreUndone,
	"RequestRepeated":          testRequestRepeated,
	"RequestRepeatedAtOnce":    testRequestRepeatedAtOnce,
	"RequestReused":            testRequestReused,
	"ReleaseNumber":            testReleaseNumber,
	"ReleaseNumberRepeated":    testReleaseNumberRepeated,
	"RevertAfterRelease":       testRevertAfterRelease,
	"Ledger":                   testLedger,
	"LedgerIsAppendOnly":       testLedgerIsAppendOnly,
	"LedgerOutlivesErasure":    testLedgerOutlivesErasure,
	"GateFollows":              testGateFollows,
	"CreateFreezes":            testCreateFreezes,
	"CreateFreezesIsAtomic":    testCreateFreezesIsAtomic,
	"CreateFreezesRepeated":    testCreateFreezesRepeated,
	"ImportFreezes":            testImportFreezes,
	"ExtendFreeze":             testExtendFreeze,
	"FilterFreezes":            testFilterFreezes,
	"EachFreeze":               testEachFreeze,
	"Allow":                    testAllow,
	"AllowRefuses":             testAllowRefuses,
	"ListAllows":               testListAllows,
	"EachEntry":                testEachEntry,
	"VerifyLedger":             testVerifyLedger,
	"VerifyFindsEdits":         testVerifyFindsEdits,
	"VerifyFindsRecomputed":    testVerifyFindsRecomputed,
	"VerifyFindsCutTail":       testVerifyFindsCutTail,
	"VerifyFindsDifference":    testVerifyFindsDifference,
	"ReportCall":               testReportCall,
	"ReportMany":               testReportMany,
	"ReportsShareATransaction": testReportsShareATransaction,
	"ReportGivenUp":            testReportGivenUp,
	"ReportFails":              testReportFails,
	"RuleFreezes":              testRuleFreezes,
	"Corrections":              testCorrections,
	"ExtendedByHand":           testExtendedByHand,
	"UnknownTalk":              testUnknownTalk,
	"LegsOfCall":               testLegsOfCall,
	"ReleaseOne":               testReleaseOne,
	"VirtualNumber":            testVirtualNumber,
	"ReleaseOneOfRules":        testReleaseOneOfRules,
	"ErasedFreeze":             testErasedFreeze,
	"ReleaseIsABarrier":        testReleaseIsABarrier,
	"Guard":                    testGuard,
	"Denials":                  testDenials,
	"ListCalls":                testListCalls,
	"EachHistory":              testEachHistory,
	"Conversation":             testConversation,
	"EachConversation":         testEachConversation,
	"ActivateRules":            testActivateRules,
	"ReserveCall":              testReserveCall,
	"ReserveRefused":           testReserveRefused,
	"LastAttempt":              testLastAttempt,
	"ReserveAndReport":         testReserveAndReport,
	"ReservedReopen":           testReservedReopen,
	"Complaints":               testComplaints,
	"ComplaintsRefused":        testComplaintsRefused,
	"Figures":                  testFigures,
	"AnyOrder":                 testAnyOrder,
	"Reopen":                   testReopen,
	"FeedTells":                testFeedTells,
	"FeedOrder":                testFeedOrder,
	"FeedGoesOn":               testFeedGoesOn,
	"FeedOfTheAbandoned":       testFeedOfTheAbandoned,
	"FeedPruned":               testFeedPruned,
	"FollowerFails":            testFollowerFails,
	"Samples":                  testSamples,
	"SamplesAreChosenOnce":     testSamplesAreChosenOnce,
	"SampleReheard":            testSampleReheard,
	"SecondLooks":              testSecondLooks,
	"SecondLookAtOnce":         testSecondLookAtOnce,
	"Reviews":                  testReviews,
	"TranscriptsOfMany":        testTranscriptsOfMany,
	"Runs":                     testRuns,
	"RunSelections":            testRunSelections,
	"Portion":                  testPortion,
	"KeepReported":             testKeepReported,
	"KeepApplied":              testKeepApplied,
	"KeepPaused":               testKeepPaused,
	"KeepHeard":                testKeepHeard,
	"OpenSuspects":             testOpenSuspects,
	"OpenNot":                  testOpenNot,
	"FreezeFromCall":           testFreezeFromCall,
}

// Run runs the suite. place gives an Opener of an empty database of the test's own.
func Run(t *testing.T, place func(t *testing.T) Opener) {
	t.Helper()
	for name, test := range suite {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, place(t))
			b.fresh = func() *bench { return newBench(t, place(t)) }
			test(t, b)
		})
	}
}
