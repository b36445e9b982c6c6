using PipelineBackup.Engine;
using PipelineBackup.Sequences;

namespace PipelineBackup.Tests.Samples;

/// <summary>The program with the sequences in the page of the backup interfaces.</summary>
public class ExchangeSequence
{
    [Fact]
    public async Task An_instance_is_backed_up_and_restored_call_by_call()
    {
        string logs = GoldenSets.NewFolder("logs"), restores = GoldenSets.NewFolder("restores");
        string target = GoldenSets.NewFolder("target"), log = "";
        var host = new EngineHost();
        await using var engine = await EmbeddedEngine.OpenAsync(
            new() { Host = host, InstanceName = "mailboxes", LogDirectory = logs });
        await engine.CreateDatabaseAsync(Path.Combine(logs, "a.edb"));
        var tape = new List<(byte[] Name, byte[] Content)>();

        await using var server = new SequenceServer(new()
        {
            Name = "mail1",
            RestoreDirectory = restores,
            Services =
            [
                new() { Name = "Store", Instances = host, Locations = _ => [new(FileToken.Database, Path.Combine(target, "a.edb"))] },
            ],
        });

        await using (var backup = await ExchangeBackup.PrepareAsync(server, "mail1", "Store"))
        {
            foreach (var file in await backup.SetupAsync(backup.Instances[0].Id, BackupKind.Full))
                tape.Add((file.ToBytes(), await ReadAsync(backup, file)));
            foreach (var file in await backup.GetLogAndPatchFilesAsync())
                tape.Add((file.ToBytes(), await ReadAsync(backup, file)));
            await backup.TruncateLogAsync();
            await backup.InstanceEndAsync();
            await backup.EndAsync();
        }

        await using (var restore = await ExchangeRestore.OpenAsync(server, "mail1", "Store", "mailboxes"))
        {
            foreach (var (name, content) in tape)
            {
                var file = TokenedName.FromBytes(name);
                if (file.Token == FileToken.Database)
                    await restore.AddDatabaseAsync(file);
                int handle = await restore.OpenFileAsync(file, content.Length);
                await restore.WriteFileAsync(handle, content);
                await restore.CloseFileAsync(handle);
            }

            await restore.SaveEnvironmentAsync();
            log = (await restore.CompleteAsync()).Reached;
            await restore.CloseAsync();
        }

        Assert.StartsWith("(0x", log, StringComparison.Ordinal);
        await using var reader = await EmbeddedEngine.OpenAsync(new() { LogDirectory = GoldenSets.NewFolder("reader") });
        await reader.AttachDatabaseAsync(Path.Combine(target, "a.edb"));
    }

    private static async Task<byte[]> ReadAsync(ExchangeBackup backup, TokenedName name)
    {
        var file = await backup.OpenFileAsync(name);
        using var content = new MemoryStream();
        byte[] buffer = new byte[1 << 20];
        for (int read; (read = await backup.ReadFileAsync(file, buffer)) > 0;)
            content.Write(buffer, 0, read);
        await backup.CloseFileAsync(file);
        return content.ToArray();
    }
}
