using PipelineBackup.Sequences;
using PipelineBackup.Tests.Simulation;

namespace PipelineBackup.Tests.Sequences;

/// <summary>
/// Clients that call what they like when they like, go away, and meet failures: whatever they do, logs go only with a
/// backup that is whole, every refusal has its number, and no instance stays claimed.
/// </summary>
public sealed class SequenceSimulationTests
{
    // The oldest log that is needed may be gone only when somebody was allowed to truncate.
    [Fact]
    public async Task Whatever_clients_do_only_whole_backups_count()
    {
        int completed = 0, truncated = 0, abandoned = 0, failed = 0;
        await Seeds.EachAsync(12, async (seed, random) =>
        {
            await using var rig = await SequenceRig.OpenAsync(groups: 2);
            bool fails = false;
            rig.Trouble.Stepping = step =>
            {
                fails = step != "begin" && random.OneIn(60);
                if (fails)
                    throw new SourceException("the disk is gone") { Error = JetError.DiskIO };
            };
            var clients = new List<Client>();
            for (int step = 0; step < 400; step++)
            {
                if (random.OneIn(40) || clients.Count == 0)
                    clients.Add(new(await rig.PrepareAsync(), rig));
                if (random.OneIn(10))
                    await random.Pick([.. rig.Groups]).AddAsync(random.Next(40));
                if (random.OneIn(120))
                    abandoned += Abandon(rig, clients);
                if (clients.Count > 0)
                    await random.Pick([.. clients]).StepAsync(random);
            }

            completed += clients.Sum(client => client.Completed);
            truncated += clients.Sum(client => client.Truncated);
            failed += clients.Sum(client => client.Failed);
            Abandon(rig, clients);
            rig.Trouble.Stepping = _ => { };
            foreach (var group in rig.Groups)
            {
                var full = await rig.TakeAsync(BackupKind.Full, rig.Groups.IndexOf(group));
                await group.AddAsync(20);
                var incremental = await rig.TakeAsync(BackupKind.Incremental, rig.Groups.IndexOf(group));
                await rig.RestoreAsync(group.Name, full, incremental);
                Assert.Equal(group.Rows(), await StorageGroup.ReadAsync(rig.Restored(group.Name, $"{group.Name}1.edb")));
            }
        });
        Assert.True(completed > 0 && truncated > 0 && abandoned > 0 && failed > 0,
            $"{completed} completed, {truncated} truncated, {abandoned} abandoned, {failed} failed");
    }

    private static int Abandon(SequenceRig rig, List<Client> clients)
    {
        int count = clients.Count;
        rig.Clock.GoOn(rig.Options.AbandonAfter * 2);
        clients.Clear();
        return count;
    }

    // Knows by itself what it has read, and so what the server may allow.
    private sealed class Client(ExchangeBackup backup, SequenceRig rig)
    {
        private readonly HashSet<string> _whole = [];
        private IReadOnlyList<TokenedName> _databases = [], _logs = [];
        private BackupKind _kind;
        private OpenedFile? _open;
        private TokenedName? _name;
        private long _read;
        private bool _hasFailed, _isSetUp;

        public int Completed { get; private set; }

        public int Truncated { get; private set; }

        public int Failed { get; private set; }

        private bool IsWhole => !_hasFailed && _logs.Where(log => log.Token == FileToken.Log).All(log => _whole.Contains(log.Path))
            && (_kind is BackupKind.Incremental or BackupKind.Differential || _databases.All(one => _whole.Contains(one.Path)));

        public async Task StepAsync(Random random)
        {
            try
            {
                await CallAsync(random);
            }
            catch (BackupException failure)
            {
                // A number, or the name of something that is not there.
                Assert.True(failure.Error is { Number: < 0 } || failure.ExitCode == ExitCode.NotFound, failure.Message);
                if (failure.Error == JetError.DiskIO)
                {
                    _hasFailed = true;
                    Failed++;
                }
            }
        }

        private async Task CallAsync(Random random)
        {
            switch (random.Next(9))
            {
                case 0:
                    await SetupAsync(random);
                    break;
                case 1 or 2:
                    await CopyAsync(random);
                    break;
                case 3:
                    if (_open is not null && _isSetUp)
                        await CloseAsync(_open);
                    _open = null;
                    break;
                case 4 or 5:
                    _logs = await backup.GetLogAndPatchFilesAsync();
                    break;
                case 6:
                    await backup.GetTruncateLogFilesAsync();
                    break;
                case 7:
                    await TruncateAsync();
                    break;
                default:
                    if (random.OneIn(4))
                        await EndAsync(random);
                    break;
            }
        }

        private async Task SetupAsync(Random random)
        {
            var kind = random.Pick(Enum.GetValues<BackupKind>());
            var databases = await backup.SetupAsync(random.Pick([.. rig.Groups]).Engine.EngineId, kind);
            (_kind, _databases, _logs, _open, _hasFailed, _isSetUp) = (kind, databases, [], null, false, true);
            _whole.Clear();
        }

        private async Task CopyAsync(Random random)
        {
            var files = _logs.Count > 0 ? _logs : _databases;
            if (files.Count == 0 || _open is not null)
                return;
            foreach (var file in files)
            {
                (_name, _open, _read) = (file, await backup.OpenFileAsync(file), 0);
                byte[] buffer = new byte[64 * 4096];
                for (int got; (got = await backup.ReadFileAsync(_open, buffer)) > 0;)
                {
                    _read += got;

                    // Some are left where they are.
                    if (random.OneIn(50))
                        return;
                }

                await CloseAsync(_open);
                _open = null;
            }
        }

        private async Task CloseAsync(OpenedFile open)
        {
            await backup.CloseFileAsync(open);
            if (_read == open.Length)
                _whole.Add(_name!.Path);
        }

        private async Task TruncateAsync()
        {
            await backup.TruncateLogAsync();
            Truncated++;
            Assert.True(IsWhole && _logs.Count > 0 && _kind is BackupKind.Full or BackupKind.Incremental, $"logs of {_kind} were truncated");
        }

        private async Task EndAsync(Random random)
        {
            bool isSuccess = !random.OneIn(3);
            _isSetUp = false;
            var ending = await backup.InstanceEndAsync(isSuccess);
            _open = null;
            Completed += ending == BackupEnding.Completed ? 1 : 0;
            if (ending == BackupEnding.Completed)
                Assert.True(isSuccess && IsWhole, $"a {_kind} that was not whole was completed");
        }
    }
}
