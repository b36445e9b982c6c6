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

    [ModuleInitializer]
    internal static void Write()
    {
        string file = Path.Combine(Path.GetTempPath(), $"pipelinebackup-s3-{Environment.ProcessId}.profiles");
        File.WriteAllText(file, $"[{Profile}]\naws_access_key_id = {S3Endpoint.AccessKey}\naws_secret_access_key = {S3Endpoint.SecretKey}\n");
        Environment.SetEnvironmentVariable("AWS_SHARED_CREDENTIALS_FILE", file);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => File.Delete(file);
    }
}
