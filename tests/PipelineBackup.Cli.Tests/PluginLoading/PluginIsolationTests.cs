using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.InteropServices;
using PipelineBackup.Cli.PluginLoading;

namespace PipelineBackup.Cli.Tests.PluginLoading;

/// <summary>A plugin runs with what it brought, whatever this program has of the same name.</summary>
public class PluginIsolationTests
{
    // An assembly that this program has too.
    private const string Shared = "System.CommandLine";

    [Theory]
    [InlineData("99.0.0.0")]
    [InlineData("0.1.0.0")]
    public void A_plugin_has_its_own_version_of_what_the_program_has_too(string version)
    {
        string plugin = PluginWith(Shared, version, "own-scheme", out _);
        Assert.NotEqual(version, typeof(System.CommandLine.Command).Assembly.GetName().Version!.ToString());
        // The scheme that only the plugin's own part says.
        GivesNoStore("own-scheme://x", plugin);
    }

    [Fact]
    public void Two_plugins_have_two_versions_of_one_part()
    {
        string first = PluginWith("Contoso.Client", "1.0.0.0", "first-one", out _);
        string second = PluginWith("Contoso.Client", "2.0.0.0", "second-one", out _);
        GivesNoStore("first-one://x", first, second);
        GivesNoStore("second-one://x", first, second);
    }

    [Fact]
    public void A_part_that_the_plugin_names_and_did_not_bring_is_told_before_anything_runs()
    {
        string plugin = PluginWith("Contoso.Client", "3.1.0.0", "gone", out string part);
        File.Delete(part);
        var missing = Cli.Json(ExitCode.Usage, "list", "--from", "gone://x", "--plugin", plugin)["error"]!;
        Assert.Equal(
            $"plugin '{plugin}' needs Contoso.Client 3.1.0.0, which is not beside it", (string?)missing["message"]);
        Assert.Contains("EnableDynamicLoading", (string?)missing["hint"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_part_that_is_listed_and_not_there_is_told_by_its_name(bool listed)
    {
        // As after a plain build that leaves packages where they are.
        string plugin = Forge.CopyOfTestPlugin();
        File.Delete(Path.Combine(Path.GetDirectoryName(plugin)!, "PipelineBackup.Sinks.FileSystem.dll"));
        if (!listed)
            File.Delete(Path.ChangeExtension(plugin, ".deps.json"));
        var missing = Cli.Expect(ExitCode.Usage, "list", "--from", "test:///x", "--plugin", plugin);
        Assert.Contains("needs PipelineBackup.Sinks.FileSystem ", missing.Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_program_has_is_not_lent_to_a_plugin_that_lacks_it()
    {
        string plugin = PluginWith(Shared, "3.0.0.0", "lent", out string part);
        File.Delete(part);
        var missing = Cli.Expect(ExitCode.Usage, "list", "--from", "lent://x", "--plugin", plugin);
        Assert.Contains($"needs {Shared} 3.0.0.0, which is not beside it", missing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_part_of_a_part_that_is_missing_is_told_when_it_is_needed()
    {
        // Libraries name much that they use only sometimes: whether this is such a case, nobody can know beforehand.
        string folder = GoldenSets.NewFolder("plugin");
        var deep = Forge.Assembly("Contoso.Deep", "4.5.0.0");
        var says = Forge.Part(deep, "never");
        var client = Forge.Assembly("Contoso.Client");
        var type = Forge.Module(client).DefineType("Client", TypeAttributes.Public);
        var method = type.DefineMethod("Call", MethodAttributes.Public | MethodAttributes.Static, typeof(string), []);
        var code = method.GetILGenerator();
        code.Emit(OpCodes.Call, says);
        code.Emit(OpCodes.Ret);
        type.CreateType();
        Forge.Save(client, folder);
        var assembly = Forge.Assembly("Contoso.Sink");
        Forge.Factory(assembly, "F", Forge.Scheme("deep"), create: code =>
        {
            code.Emit(OpCodes.Call, method);
            code.Emit(OpCodes.Pop);
            code.Emit(OpCodes.Ldnull);
        });
        string plugin = Forge.Save(assembly, folder);
        Assert.Equal(
            $"plugin '{plugin}' needs Contoso.Deep 4.5.0.0, which is not beside it",
            (string?)Cli.Json(ExitCode.Usage, "list", "--from", "deep://x", "--plugin", plugin)["error"]!["message"]);
        // A plugin that goes on without it is left alone.
        Cli.Json(ExitCode.Done, "list", "--from", Cli.StoreWith("clean-4096").Store, "--plugin", plugin);
    }

    [Fact]
    public void A_missing_part_is_told_as_such_also_in_the_middle_of_a_command()
    {
        var part = new MissingPartException("/p.dll", new("Contoso.Client") { Version = new(1, 2, 0, 0) });
        var told = CommandFailure.Of(new FileNotFoundException("could not load", part), isCancelled: false);
        Assert.Equal((ExitCode.Failed, part.Message, MissingPartException.Hint), (told.Exit, told.Message, told.Hint));
    }

    [Fact]
    public void A_plugin_needs_no_list_of_dependencies_beside_it()
    {
        string plugin = Forge.CopyOfTestPlugin();
        File.Delete(Path.ChangeExtension(plugin, ".deps.json"));
        var (store, id) = Cli.StoreWith("clean-4096");
        Assert.Equal(id, (string?)Cli.Json(
            ExitCode.Done, "show", "latest", "--from", $"test://{store}", "--plugin", plugin)["id"]);
    }

    [Fact]
    public void A_list_of_dependencies_that_cannot_be_read_is_told()
    {
        string plugin = Forge.CopyOfTestPlugin(), list = Path.ChangeExtension(plugin, ".deps.json");
        File.WriteAllText(list, "{ not json");
        var told = Cli.Expect(ExitCode.Usage, "list", "--from", "test:///x", "--plugin", plugin);
        Assert.Contains(list, told.Error, StringComparison.Ordinal);
        Assert.Contains("HINT: build the plugin again", told.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_copy_of_the_contracts_beside_a_plugin_is_left_alone()
    {
        string plugin = Forge.CopyOfTestPlugin();
        string copy = Path.Combine(Path.GetDirectoryName(plugin)!, ContractVersion.AssemblyName + ".dll");
        Assert.False(File.Exists(copy), "the plugin of the tests was built to leave the contracts to the program");
        File.Copy(typeof(IBackupSink).Assembly.Location, copy);
        Cli.Json(ExitCode.Done, "list", "--from", $"test://{Cli.StoreWith("clean-4096").Store}", "--plugin", plugin);
    }

    [Fact]
    public void A_plugin_published_with_its_own_runtime_uses_the_program_s()
    {
        string plugin = Forge.CopyOfTestPlugin(), folder = Path.GetDirectoryName(plugin)!;
        foreach (string name in (string[])["System.Private.Uri", "System.Runtime", "System.Collections"])
        {
            string path = Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, name + ".dll");
            File.Copy(path, Path.Combine(folder, name + ".dll"));
        }

        Cli.Json(ExitCode.Done, "list", "--from", $"test://{Cli.StoreWith("clean-4096").Store}", "--plugin", plugin);
    }

    [Fact]
    public void Resources_are_found_where_builds_put_them()
    {
        string plugin = Forge.CopyOfTestPlugin(), folder = Path.GetDirectoryName(plugin)!;
        File.Delete(Path.ChangeExtension(plugin, ".deps.json"));
        var context = new PluginContext(plugin, FrameworkAssemblies.OfThisProgram);
        var german = new AssemblyName("Contoso.resources, Version=1.0.0.0, Culture=de");
        Assert.Null(context.Find(german));
        string expected = Forge.Save(Forge.Assembly("Contoso.resources"), Path.Combine(folder, "de"));
        Assert.Equal(expected, context.Find(german));
    }

    [Fact]
    public void A_plugin_may_ask_for_a_culture() => Assert.Contains(
        "\"System.Globalization.PredefinedCulturesOnly\": false",
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "pipelinebackup.runtimeconfig.json")),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("runtimes/RID/native")]
    public void Native_libraries_are_found_where_builds_put_them(string place)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the library that stands for the plugin's is not on Windows");
        string folder = GoldenSets.NewFolder("plugin");
        string native = Path.Combine(
            folder, place.Replace("RID", RuntimeInformation.RuntimeIdentifier, StringComparison.Ordinal));
        Directory.CreateDirectory(native);
        string suffix = OperatingSystem.IsMacOS() ? ".dylib" : ".so";
        File.Copy(
            Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "libSystem.Native" + suffix),
            Path.Combine(native, "libcontoso-client" + suffix));
        var assembly = Forge.Assembly("Contoso.Sink");
        var calls = Forge.Module(assembly).DefineType("Calls", TypeAttributes.Public | TypeAttributes.Abstract);
        var call = calls.DefinePInvokeMethod(
            "Pid", "contoso-client", "SystemNative_GetPid",
            MethodAttributes.Public | MethodAttributes.Static | MethodAttributes.PinvokeImpl,
            CallingConventions.Standard, typeof(int), [], CallingConvention.Cdecl, CharSet.Ansi);
        call.SetImplementationFlags(MethodImplAttributes.PreserveSig);
        calls.CreateType();
        Forge.Factory(assembly, "F", code =>
        {
            code.Emit(OpCodes.Call, call);
            code.Emit(OpCodes.Pop);
            code.Emit(OpCodes.Ldstr, "native");
        });
        GivesNoStore("native://x", Forge.Save(assembly, folder));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_belongs_to_the_framework_is_known_also_in_a_program_that_brings_it(bool isApart)
    {
        string program = Path.Combine(Path.GetTempPath(), "program");
        string runtime = isApart ? Path.Combine(Path.GetTempPath(), "runtime") : program;
        var framework = new FrameworkAssemblies(
            [
                Path.Combine(runtime, "System.Private.CoreLib.dll"), Path.Combine(runtime, "System.Runtime.dll"),
                Path.Combine(program, "AWSSDK.Core.dll"), "",
            ],
            program);
        Assert.True(framework.Has("System.Runtime"));
        Assert.False(framework.Has("AWSSDK.Core"));
        Assert.False(framework.Has("Contoso.Client"));
    }

    // These factories are known, and make nothing: an address that leads to one ends so.
    private static void GivesNoStore(string address, params string[] plugins)
    {
        var named = plugins.SelectMany(plugin => (string[])["--plugin", plugin]);
        var run = Cli.Expect(ExitCode.Failed, ["list", "--from", address, .. named]);
        Assert.Contains("gave no store for scheme", run.Error, StringComparison.Ordinal);
    }

    // A plugin whose scheme is what its own part says.
    private static string PluginWith(string part, string version, string scheme, out string partPath)
    {
        string folder = GoldenSets.NewFolder("plugin");
        var other = Forge.Assembly(part, version);
        var says = Forge.Part(other, scheme);
        partPath = Forge.Save(other, folder);
        var assembly = Forge.Assembly("Contoso.Sink");
        Forge.Factory(assembly, "F", code => code.Emit(OpCodes.Call, says));
        return Forge.Save(assembly, folder);
    }
}
