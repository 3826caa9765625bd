package apitest

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Phone is the i-th telephone number of a test.
func Phone(i int) string { return fmt.Sprintf("138001%05d", i) }

// Rejected is the report of a call that the customer rejected.
func Rejected(id, number string, at time.Time) *pb.Call {
	return &pb.Call{CallId: id, Number: number, StartTime: timestamppb.New(at),
		Outcome: pb.Outcome_OUTCOME_REJECTED}
}

// Unanswered is the report of a call that nobody answered.
func Unanswered(id, number string, at time.Time) *pb.Call {
	c := Rejected(id, number, at)
	c.Outcome = pb.Outcome_OUTCOME_NO_ANSWER
	return c
}

// Talked is the report of a call that was answered.
func Talked(id, number string, at time.Time, talk time.Duration) *pb.Call {
	c := Rejected(id, number, at)
	c.Outcome, c.Talk = pb.Outcome_OUTCOME_ANSWERED, durationpb.New(talk)
	return c
}

// ThreeRejections are reports that bring a number to the limit of the shipped rule. Their
// ids are c0-4321, c1-4321 and c2-4321 for a number that ends in 4321.
func ThreeRejections(number string) []*pb.Call {
	var reports []*pb.Call
	for i := range 3 {
		at := TenOClock.Add(-time.Hour + time.Duration(i)*10*time.Minute)
		reports = append(reports, Rejected(fmt.Sprintf("c%d-%s", i, number[7:]), number, at))
	}
	return reports
}
