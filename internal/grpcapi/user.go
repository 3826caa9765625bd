package grpcapi

import (
	"context"
	"strings"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/fault"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/request"
)

type userServer struct {
	pb.UnimplementedUserServiceServer
	Deps
}

// AddUser implements the API.
func (s *userServer) AddUser(ctx context.Context, req *pb.AddUserRequest) (*pb.AddUserResponse, error) {
	by, err := keeper(ctx)
	if err != nil {
		return nil, err
	}
	u, err := s.Users.Add(ctx, by, access.User{Name: req.GetUserId(), Role: roleFromProto[req.GetRole()],
		Lines: req.GetLines()}, req.GetPassword())
	if err != nil {
		return nil, err
	}
	noAdmin, err := s.noAdmin(ctx)
	if err != nil {
		return nil, err
	}
	return &pb.AddUserResponse{User: s.userToProto(u), NoAdmin: noAdmin}, nil
}

// ListUsers implements the API.
func (s *userServer) ListUsers(ctx context.Context, _ *pb.ListUsersRequest) (*pb.ListUsersResponse, error) {
	users, err := s.KeyList.Users(ctx)
	if err != nil {
		return nil, err
	}
	return &pb.ListUsersResponse{Users: each(users, s.userToProto)}, nil
}

// ChangeUser implements the API.
func (s *userServer) ChangeUser(
	ctx context.Context, req *pb.ChangeUserRequest,
) (*pb.ChangeUserResponse, error) {
	name, err := userName("access.ChangeUser", req.GetName())
	if err != nil {
		return nil, err
	}
	u, err := s.Users.Change(ctx, name, roleFromProto[req.GetRole()], req.GetLines())
	if err != nil {
		return nil, err
	}
	noAdmin, err := s.noAdmin(ctx)
	if err != nil {
		return nil, err
	}
	return &pb.ChangeUserResponse{User: s.userToProto(u), NoAdmin: noAdmin}, nil
}

// SetUserPassword implements the API.
func (s *userServer) SetUserPassword(
	ctx context.Context, req *pb.SetUserPasswordRequest,
) (*pb.SetUserPasswordResponse, error) {
	name, err := userName("access.SetPassword", req.GetName())
	if err != nil {
		return nil, err
	}
	u, err := s.Users.SetPassword(ctx, name, req.GetPassword())
	if err != nil {
		return nil, err
	}
	return &pb.SetUserPasswordResponse{User: s.userToProto(u)}, nil
}

// DisableUser implements the API.
func (s *userServer) DisableUser(
	ctx context.Context, req *pb.DisableUserRequest,
) (*pb.DisableUserResponse, error) {
	by, err := keeper(ctx)
	if err != nil {
		return nil, err
	}
	name, err := userName("access.DisableUser", req.GetName())
	if err != nil {
		return nil, err
	}
	if err := request.CheckReason("access.DisableUser", req.GetReason()); err != nil {
		return nil, err
	}
	u, err := s.Users.Disable(ctx, by, name)
	if err != nil {
		return nil, err
	}
	noAdmin, err := s.noAdmin(ctx)
	if err != nil {
		return nil, err
	}
	return &pb.DisableUserResponse{User: s.userToProto(u), NoAdmin: noAdmin}, nil
}

// EnableUser implements the API.
func (s *userServer) EnableUser(
	ctx context.Context, req *pb.EnableUserRequest,
) (*pb.EnableUserResponse, error) {
	name, err := userName("access.EnableUser", req.GetName())
	if err != nil {
		return nil, err
	}
	u, err := s.Users.Enable(ctx, name)
	if err != nil {
		return nil, err
	}
	return &pb.EnableUserResponse{User: s.userToProto(u)}, nil
}

// SignOutUser implements the API.
func (s *userServer) SignOutUser(
	ctx context.Context, req *pb.SignOutUserRequest,
) (*pb.SignOutUserResponse, error) {
	name, err := userName("access.SignOut", req.GetName())
	if err != nil {
		return nil, err
	}
	u, ended, err := s.Users.SignOut(ctx, name)
	if err != nil {
		return nil, err
	}
	return &pb.SignOutUserResponse{User: s.userToProto(u), Ended: int32(ended)}, nil
}

// SetUpUserTotp implements the API.
func (s *userServer) SetUpUserTotp(
	ctx context.Context, req *pb.SetUpUserTotpRequest,
) (*pb.SetUpUserTotpResponse, error) {
	name, err := userName("access.SetUpTOTP", req.GetName())
	if err != nil {
		return nil, err
	}
	setup, err := s.Users.SetUpTOTP(ctx, name, true)
	if err != nil {
		return nil, err
	}
	return &pb.SetUpUserTotpResponse{Secret: setup.Secret, Uri: setup.URI}, nil
}

// RemoveUserTotp implements the API.
func (s *userServer) RemoveUserTotp(
	ctx context.Context, req *pb.RemoveUserTotpRequest,
) (*pb.RemoveUserTotpResponse, error) {
	name, err := userName("access.RemoveTOTP", req.GetName())
	if err != nil {
		return nil, err
	}
	u, err := s.Users.RemoveTOTP(ctx, name)
	if err != nil {
		return nil, err
	}
	return &pb.RemoveUserTotpResponse{User: s.userToProto(u)}, nil
}

// ChangeOwnPassword implements the API.
func (s *userServer) ChangeOwnPassword(
	ctx context.Context, req *pb.ChangeOwnPasswordRequest,
) (*pb.ChangeOwnPasswordResponse, error) {
	err := s.oneself(ctx, req.GetCurrentPassword(), func(name string, own func(*access.User) error) error {
		_, err := s.Users.SetPassword(ctx, name, req.GetPassword(), own)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &pb.ChangeOwnPasswordResponse{}, nil
}

// SetUpOwnTotp implements the API.
func (s *userServer) SetUpOwnTotp(
	ctx context.Context, req *pb.SetUpOwnTotpRequest,
) (*pb.SetUpOwnTotpResponse, error) {
	var setup access.TOTPSetup
	err := s.oneself(ctx, req.GetCurrentPassword(), func(name string, own func(*access.User) error) (err error) {
		setup, err = s.Users.SetUpTOTP(ctx, name, false, own)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &pb.SetUpOwnTotpResponse{Secret: setup.Secret, Uri: setup.URI}, nil
}

// ConfirmOwnTotp implements the API.
func (s *userServer) ConfirmOwnTotp(
	ctx context.Context, req *pb.ConfirmOwnTotpRequest,
) (*pb.ConfirmOwnTotpResponse, error) {
	p, err := person(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.Users.ConfirmTOTP(ctx, p.Name, req.GetCode()); err != nil {
		return nil, err
	}
	return &pb.ConfirmOwnTotpResponse{}, nil
}

// RemoveOwnTotp implements the API.
func (s *userServer) RemoveOwnTotp(
	ctx context.Context, req *pb.RemoveOwnTotpRequest,
) (*pb.RemoveOwnTotpResponse, error) {
	err := s.oneself(ctx, req.GetCurrentPassword(), func(name string, own func(*access.User) error) error {
		_, err := s.Users.RemoveOwnTOTP(ctx, name, req.GetCode(), own)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &pb.RemoveOwnTotpResponse{}, nil
}

// oneself has change alter who asks, where he signed in and knows his password: see access.SignIns.Own.
func (s *userServer) oneself(
	ctx context.Context, password string, change func(name string, own func(*access.User) error) error,
) error {
	p, err := person(ctx)
	if err != nil {
		return err
	}
	return s.SignIns.Own(ctx, p, password, func(own func(*access.User) error) error { return change(p.Name, own) })
}

// person is who asks, where he signed in: a key has neither a password nor an authenticator.
func person(ctx context.Context) (access.Principal, error) {
	p, _ := access.Of(ctx)
	if p.Kind != access.ByPerson {
		return p, &fault.Error{Op: "access.Own", Kind: fault.Precondition, Reason: "NO_SESSION",
			Message: "this is for who signed in; an admin changes it for others by their names"}
	}
	return p, nil
}

// userName takes the name out of users/{user}.
func userName(op, name string) (string, error) {
	id, ok := strings.CutPrefix(name, "users/")
	if !ok || id == "" {
		var wrong fault.Fields
		wrong.Add("name", "is %q; it must look like users/{user}", name)
		return "", wrong.Err(op)
	}
	return id, nil
}

func (s *userServer) userToProto(u access.User) *pb.User {
	return &pb.User{
		Name: "users/" + u.Name, Role: roleToProto[u.Role], Lines: u.Lines, CreateTime: timestamp(u.CreatedAt),
		Creator: u.CreatedBy, DisableTime: timestamp(u.DisabledAt), Disabler: u.DisabledBy,
		Totp: u.TOTP.Confirmed, External: u.Subject != "",
		Sessions: each(s.Sessions.Standing(u, s.Now()), func(x access.Session) *pb.UserSession {
			return &pb.UserSession{CreateTime: timestamp(x.CreatedAt), LastUseTime: timestamp(x.UsedAt),
				Origin: x.From}
		}),
	}
}
