using System.Runtime.CompilerServices;
using PipelineBackup.StoreServers;

namespace PipelineBackup.Sinks.S3.Tests;

/// <summary>
/// A file of profiles instead of the machine's own. The provider looks once in a process where its file is, so it is
/// named before the first test.
/// </summary>
internal static class ProfileFile
{
    public const string Profile = "backup";

    /// <summary>One that assumes a role with the keys of the other.</summary>
    public const string Role = "backup-role";

    /// <summary>One that needs somebody to sign in by a browser, which nobody did.</summary>
    public const string SignIn = "person";

    [ModuleInitializer]
    internal static void Write()
    {
        string file = Path.Combine(Path.GetTempPath(), $"pipelinebackup-s3-{Environment.ProcessId}.profiles");
        File.WriteAllText(file, $"[{Role}]\nrole_arn = arn:aws:iam::123456789012:role/backup\nsource_profile = {Profile}\n"
            + $"[{SignIn}]\nsso_start_url = https://nobody.invalid/start\nsso_region = eu-central-1\nsso_account_id = 1\nsso_role_name = r\n"
            + $"[{Profile}]\naws_access_key_id = {S3Endpoint.AccessKey}\naws_secret_access_key = {S3Endpoint.SecretKey}\n");
        Environment.SetEnvironmentVariable("AWS_SHARED_CREDENTIALS_FILE", file);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => File.Delete(file);
    }
}
