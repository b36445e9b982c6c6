namespace PipelineBackup.Testing;

/// <summary>What holds of who may not. They need <see cref="ICredentialsUnderTest"/>.</summary>
internal static class CredentialLaws
{
    public static IReadOnlyList<SinkLaw> All { get; } =
    [
        new("wrong-credentials", "With wrong credentials every call fails with AccessDenied, or the opening does, and nothing happens.",
            WrongCredentials)
        {
            Needs = LawNeed.Credentials,
        },
        new("secrets-untold", "No failure tells a credential.", SecretsUntold)
        {
            Needs = LawNeed.Credentials,
        },
    ];

    private static async Task WrongCredentials(SinkTrial trial)
    {
        var there = await trial.OpenAsync();
        await trial.PutAsync(there, "there", [1]);
        await EachAsync(trial, failure =>
        {
            var refusal = failure as SinkException
                ?? throw trial.Broken($"wrong credentials gave {failure.GetType().Name} instead of a SinkException", failure);
            trial.Require(refusal.Failure == SinkFailure.AccessDenied,
                $"wrong credentials gave {refusal.Failure} instead of AccessDenied: {refusal.Message}");
            trial.Require(!refusal.Transient, "AccessDenied is told as transient, but no retry cures it");
        });
        await trial.RequireListAsync(there, "", "there");
    }

    private static async Task SecretsUntold(SinkTrial trial)
    {
        string secret = trial.Credentials.WrongSecret;
        await trial.PutAsync(await trial.OpenAsync(), "there", [1]);
        await EachAsync(trial, failure => trial.Require(
            !$"{failure} {(failure as BackupException)?.Hint}".Contains(secret, StringComparison.Ordinal),
            $"a failure tells the secret of the credentials: {failure.Message.Replace(secret, "(secret)", StringComparison.Ordinal)}"));
    }

    private static async Task EachAsync(SinkTrial trial, Action<Exception> judge)
    {
        IBackupSink sink;
        try
        {
            sink = await trial.OpenAsync(trial.Credentials.OpenWithWrongCredentialsAsync(trial.Token));
        }
        catch (Exception failure) when (failure is not (SkippedLawException or OperationCanceledException))
        {
            judge(failure);
            return;
        }

        await FailAsync("a put", () => trial.PutAsync(sink, "new", [1]));
        await FailAsync("a read", () => trial.ReadAsync(sink, "there"));
        await FailAsync("a listing", () => trial.ListAsync(sink));
        await FailAsync("a delete", () => sink.DeleteAsync(ObjectName.Of("there"), trial.Token).AsTask());

        async Task FailAsync(string call, Func<Task> act)
        {
            try
            {
                await act();
            }
            catch (Exception failure)
            {
                judge(failure);
                return;
            }

            throw trial.Broken($"{call} with wrong credentials succeeded");
        }
    }
}
