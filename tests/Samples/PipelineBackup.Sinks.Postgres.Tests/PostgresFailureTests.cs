using System.Net.Sockets;
using System.Security.Authentication;
using Npgsql;

namespace PipelineBackup.Sinks.Postgres.Tests;

/// <summary>A failure of the server says what can be done about it.</summary>
public class PostgresFailureTests
{
    [Theory]
    [InlineData("28P01", SinkFailure.AccessDenied, false)]
    [InlineData("28000", SinkFailure.AccessDenied, false)]
    [InlineData("42501", SinkFailure.AccessDenied, false)]
    [InlineData("PB001", SinkFailure.AccessDenied, false)]
    [InlineData("3D000", SinkFailure.NotFound, false)]
    [InlineData("3F000", SinkFailure.NotFound, false)]
    [InlineData("42P01", SinkFailure.NotFound, false)]
    [InlineData("53100", SinkFailure.Full, false)]
    [InlineData("25006", SinkFailure.Other, false)]
    [InlineData("58030", SinkFailure.Other, false)]
    [InlineData("XX001", SinkFailure.Other, false)]
    [InlineData("42601", SinkFailure.Other, false)]
    [InlineData("22021", SinkFailure.Other, false)]
    [InlineData("53200", SinkFailure.Other, true)]
    [InlineData("53300", SinkFailure.Other, true)]
    [InlineData("57P01", SinkFailure.Other, true)]
    [InlineData("57P02", SinkFailure.Other, true)]
    [InlineData("57P03", SinkFailure.Other, true)]
    [InlineData("57014", SinkFailure.Other, true)]
    [InlineData("40001", SinkFailure.Other, true)]
    [InlineData("40P01", SinkFailure.Other, true)]
    [InlineData("08006", SinkFailure.Other, true)]
    public void An_answer_is_told_by_what_can_be_done(string code, SinkFailure failure, bool transient)
    {
        var told = PostgresFailure.Of(new PostgresException("no", "ERROR", "ERROR", code), "cannot store 'a'");
        Assert.Equal((failure, transient), (told.Failure, told.Transient));
        Assert.Equal($"cannot store 'a': no ({code})", told.Message);
    }

    [Fact]
    public void Without_an_answer_only_a_certificate_or_a_protocol_stays_wrong()
    {
        Assert.True(Of(new NpgsqlException("lost", new IOException("reset"))));
        Assert.True(Of(new NpgsqlException("refused", new SocketException((int)SocketError.ConnectionRefused))));
        Assert.True(Of(new NpgsqlException("slow", new TimeoutException())));
        Assert.True(Of(new TimeoutException("slow")));
        Assert.False(Of(new NpgsqlException("certificate", new AuthenticationException("not trusted"))));
        Assert.False(Of(new NpgsqlException("no password has been provided")));

        static bool Of(Exception failure) => PostgresFailure.Of(failure, "cannot open").Transient;
    }
}
