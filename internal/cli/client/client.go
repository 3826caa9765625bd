package client

import (
	"fmt"

	"google.golang.org/grpc"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Client is a connection to a server, with its services.
type Client struct {
	flags *Flags
	conn  *grpc.ClientConn

	Recordings pb.RecordingServiceClient
	Reviews    pb.ReviewServiceClient
	Freezes    pb.FreezeServiceClient
	Lexicons   pb.LexiconServiceClient
	Gate       pb.GateServiceClient
	Calls      pb.CallServiceClient
	Rules      pb.RuleServiceClient
	Reports    pb.ReportServiceClient
	Exports    pb.ExportServiceClient
	Status     pb.StatusServiceClient
	Batch      pb.BatchServiceClient
	Retention  pb.RetentionServiceClient
	People     pb.PersonServiceClient
	Keys       pb.KeyServiceClient
	Users      pb.UserServiceClient
	Audit      pb.AuditServiceClient
	Reveal     pb.RevealServiceClient
}

func (c *Client) connect() error {
	protected, err := c.flags.credentials()
	if err != nil {
		return err
	}
	target, how := c.flags.target()
	c.conn, err = grpc.NewClient(target, append(how,
		grpc.WithTransportCredentials(protected),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
		grpc.WithUnaryInterceptor(c.flags.unary), grpc.WithStreamInterceptor(c.flags.stream))...)
	if err != nil {
		return fmt.Errorf("prepare a connection to %s: %w", c.flags.Server, err)
	}
	c.Recordings, c.Reviews = pb.NewRecordingServiceClient(c.conn),
		pb.NewReviewServiceClient(c.conn)
	c.Freezes, c.Gate = pb.NewFreezeServiceClient(c.conn), pb.NewGateServiceClient(c.conn)
	c.Lexicons, c.Rules = pb.NewLexiconServiceClient(c.conn), pb.NewRuleServiceClient(c.conn)
	c.Calls, c.Reports = pb.NewCallServiceClient(c.conn), pb.NewReportServiceClient(c.conn)
	c.Exports, c.Status = pb.NewExportServiceClient(c.conn), pb.NewStatusServiceClient(c.conn)
	c.Batch, c.Retention = pb.NewBatchServiceClient(c.conn), pb.NewRetentionServiceClient(c.conn)
	c.People, c.Keys = pb.NewPersonServiceClient(c.conn), pb.NewKeyServiceClient(c.conn)
	c.Users = pb.NewUserServiceClient(c.conn)
	c.Audit, c.Reveal = pb.NewAuditServiceClient(c.conn), pb.NewRevealServiceClient(c.conn)
	return nil
}

// reconnect starts afresh: a connection that failed would refuse calls for a while
// without trying.
func (c *Client) reconnect() error {
	c.Close()
	return c.connect()
}

// Close ends the connection.
func (c *Client) Close() { _ = c.conn.Close() } // nothing is in flight any more
