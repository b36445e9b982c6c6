namespace PipelineBackup.Sinks.S3.Tests;

public sealed class S3CredentialTests
{
    private const string TokenService = "AWS_ENDPOINT_URL_STS";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_profile_that_assumes_a_role_gets_its_keys_from_the_token_service()
    {
        await using var tokens = new ScriptedServer(_ => ScriptedServer.Answer(200, """
            <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
            <AccessKeyId>ROLEKEY</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey>
            <SessionToken>role-session</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>
            </Credentials></AssumeRoleResult></AssumeRoleResponse>
            """));
        await using var server = new ScriptedServer(_ => ScriptedServer.Answer(200));
        Environment.SetEnvironmentVariable(TokenService, tokens.Address.AbsoluteUri);
        try
        {
            await using var sink = await server.OpenAsync(server.Options with { Credentials = null, Profile = ProfileFile.Role });
            await sink.PutAsync(ObjectName.Of("a"), ObjectBody.Of(new byte[1]), Token);
        }
        finally
        {
            Environment.SetEnvironmentVariable(TokenService, null);
        }

        Assert.NotEmpty(tokens.Requests);
        var headers = Assert.Single(server.Requests).Headers;
        Assert.Contains("Credential=ROLEKEY/", headers["authorization"], StringComparison.Ordinal);
        Assert.Equal("role-session", headers["x-amz-security-token"]);
    }

    [Fact]
    public async Task A_profile_that_needs_a_person_says_how_to_sign_in()
    {
        var failure = await Assert.ThrowsAsync<SinkException>(() => S3Sink.OpenAsync(
            "bucket", "", false, new() { Profile = ProfileFile.SignIn, Region = "eu-central-1" }, Token));
        Assert.Equal((SinkFailure.AccessDenied, false), (failure.Failure, failure.Transient));
        Assert.Contains("aws sso login --profile " + ProfileFile.SignIn, failure.Hint, StringComparison.Ordinal);
    }
}
